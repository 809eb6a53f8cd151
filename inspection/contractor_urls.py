"""Pages of the supervision side's knowledge that firms may see of themselves, and the public list."""

from django.urls import path

from inspection.views import firm_listings, firm_orders, own_credit, permit_contractor

app_name = "supervised"
urlpatterns = [
    path("projects/<int:pk>/permit/", permit_contractor.permit, name="permit"),
    path("authority/", firm_orders.orders, name="orders"),
    path("authority/orders/<int:pk>/", firm_orders.order, name="order"),
    path("authority/orders/<int:pk>/paper/", firm_orders.order_paper, name="order-paper"),
    path("authority/words/<int:pk>/", firm_orders.word_file, name="word-file"),
    path("authority/credit/", own_credit.credit, name="credit"),
    path("authority/list/<int:pk>/", firm_listings.proceeding, name="listing"),
    path("wage-list/", own_credit.wage_list, name="wage-list"),
]
