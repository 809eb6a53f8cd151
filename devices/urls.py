"""Pages of the enterprise side, and the endpoints of terminals."""

from django.urls import path

from devices import api, push_api
from devices.views import corrections, gate_watch, oddities, quarantine, site, sources, terminals, worker

app_name = "devices"
_DATE = "sites/<int:pk>/days/<int:worker_pk>/<str:day>/"
urlpatterns = [
    path("sites/", site.sites, name="sites"),
    path("sites/<int:pk>/", site.site, name="site"),
    path("sites/<int:pk>/now/", site.site_now, name="site-now"),
    path("sites/<int:pk>/inside/", site.site_inside, name="site-inside"),
    path("sites/<int:pk>/kept-out/", site.site_barred, name="site-barred"),
    path("sites/<int:pk>/live/", gate_watch.live, name="site-live"),
    path("sites/<int:pk>/live/now/", gate_watch.live_now, name="site-live-now"),
    path("sites/<int:pk>/refused/", gate_watch.refused, name="site-refused"),
    path("sites/<int:pk>/refused/photos/<int:photo_pk>/", gate_watch.refused_photo, name="refused-photo"),
    path("sites/<int:pk>/may-enter/", gate_watch.may_enter, name="site-may-enter"),
    path("sites/<int:pk>/odd/", oddities.oddities, name="oddities"),
    path("sites/<int:pk>/odd.xlsx", oddities.oddities_sheet, name="oddities-sheet"),
    path("sites/<int:pk>/days/", site.site_days, name="site-days"),
    path("sites/<int:pk>/days.xlsx", site.site_days_sheet, name="site-days-sheet"),
    path("sites/<int:pk>/days/open/", corrections.undecided, name="open-days"),
    path(_DATE, corrections.person_date, name="person-day"),
    path(_DATE + "photos/<int:photo_pk>/", corrections.photo, name="person-day-photo"),
    path(_DATE + "void/", corrections.void, name="person-day-void"),
    path(_DATE + "leave/", corrections.leave, name="person-day-leave"),
    path(
        "sites/<int:pk>/corrections/<int:correction_pk>/withdraw/",
        corrections.withdraw,
        name="correction-withdraw",
    ),
    path("sites/<int:pk>/days.pdf", site.site_days_pdf, name="site-days-pdf"),
    path("sites/<int:pk>/bad-times/", quarantine.bad_times, name="bad-times"),
    path("sites/<int:pk>/terminals/", terminals.listed, name="terminals"),
    path("sites/<int:pk>/terminals/<int:terminal_pk>/code/", terminals.code, name="terminal-code"),
    path("sites/<int:pk>/terminals/<int:terminal_pk>/rotate/", terminals.rotate, name="terminal-rotate"),
    path("sites/<int:pk>/terminals/new/", terminals.enrol, name="terminal-new"),
    path("sites/<int:pk>/terminals/<int:terminal_pk>/revoke/", terminals.revoke, name="terminal-revoke"),
    path("sources/", sources.sources, name="sources"),
    path("sources/new/", sources.new, name="source-new"),
    path("sources/<int:pk>/", sources.source, name="source"),
    path("sources/<int:pk>/rotate/", sources.rotate, name="source-rotate"),
    path("sources/<int:pk>/scope/", sources.scope, name="source-scope"),
    path("sources/<int:pk>/revoke/", sources.revoke, name="source-revoke"),
    path("api/push/", sources.example, name="push-example"),
    path("me/days/", worker.worker_days, name="worker-days"),
    path("me/days/<int:project_pk>/<str:day>/", worker.worker_date, name="worker-day"),
    path("api/v1/passages/", api.post_passages, name="api-passages"),
    path("api/v1/card-reads/", api.post_card_reads, name="api-card-reads"),
    path("api/v1/allow-list/", api.get_allow_list, name="api-allow-list"),
    path("api/v1/heartbeats/", api.post_heartbeat, name="api-heartbeats"),
    path("api/v1/devices/", api.get_devices, name="api-devices"),
    path("api/v1/photos/", api.post_photo, name="api-photos"),
    path("api/v1/enrol/", api.post_enrol, name="api-enrol"),
    path("api/v1/rotate-key/", api.post_rotate_key, name="api-rotate-key"),
    path("api/v1/push/people/", push_api.people, name="push-people"),
    path("api/v1/push/attendance/", push_api.attendance, name="push-attendance"),
    path("api/v1/push/days/", push_api.attendance_days, name="push-days"),
]
