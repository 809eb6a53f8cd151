from django.urls import path

from devices import api

terminal_patterns = [
    path("api/v1/passages/", api.post_passages, name="api-passages"),
    path("api/v1/allow-list/", api.get_allow_list, name="api-allow-list"),
    path("api/v1/heartbeats/", api.post_heartbeat, name="api-heartbeats"),
]
app_name = "devices"
urlpatterns = [*terminal_patterns]
