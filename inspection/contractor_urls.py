"""Pages of the supervision side's knowledge that firms may see of themselves, and the public list."""

from django.urls import path

from inspection.views import own_credit, permit_contractor

app_name = "supervised"
urlpatterns = [
    path("projects/<int:pk>/permit/", permit_contractor.permit, name="permit"),
    path("credit/", own_credit.credit, name="credit"),
    path("wage-list/", own_credit.wage_list, name="wage-list"),
]
