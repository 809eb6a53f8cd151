"""Addresses of pay and money; the enterprise side serves them."""

from django.urls import path

from payroll.views import accounts, lines, orders, sheet_acts, sheets, today, uploads, worker

app_name = "payroll"
urlpatterns = [
    path("today/", today.today, name="today"),
    path("pay/sheets/", sheets.sheet_list, name="sheets"),
    path("pay/sheets/new/", sheets.sheet_new, name="sheet-new"),
    path("pay/sheets/<int:pk>/", sheets.sheet_page, name="sheet"),
    path("pay/sheets/<int:pk>/export/", sheets.sheet_export, name="sheet-export"),
    path("pay/sheets/<int:pk>/submit/", sheet_acts.submit, name="sheet-submit"),
    path("pay/sheets/<int:pk>/remind/", sheet_acts.remind, name="sheet-remind"),
    path("pay/sheets/<int:pk>/recompute/", sheet_acts.recompute, name="sheet-recompute"),
    path("pay/sheets/<int:pk>/discard/", sheet_acts.discard, name="sheet-discard"),
    path("pay/sheets/<int:pk>/approve/", sheet_acts.approve, name="sheet-approve"),
    path("pay/sheets/<int:pk>/instruct/", sheet_acts.instruct, name="sheet-instruct"),
    path("pay/lines/<str:reference>/", lines.line, name="line"),
    path("pay/uploads/new/", uploads.upload_new, name="sheet-upload"),
    path("pay/uploads/<int:pk>/", uploads.staged, name="sheet-staged"),
    path("pay/uploads/<int:pk>/apply/", uploads.apply, name="sheet-upload-apply"),
    path("pay/uploads/<int:pk>/discard/", uploads.discard, name="sheet-upload-discard"),
    path("pay/uploads/<int:pk>/refused/", uploads.refused, name="sheet-upload-refused"),
    path("pay/orders/", orders.order_list, name="orders"),
    path("pay/orders/<int:pk>/", orders.order_page, name="order"),
    path("pay/orders/<int:pk>/resend/", orders.resend, name="order-resend"),
    path("pay/orders/<int:pk>/export/", orders.order_export, name="order-export"),
    path("pay/accounts/", accounts.account_list, name="accounts"),
    path("pay/accounts/<int:pk>/", accounts.account_page, name="account"),
    path("pay/accounts/<int:pk>/export/", accounts.account_export, name="account-export"),
    path("my/pay/", worker.pay, name="worker-pay"),
    path("my/pay/<str:reference>/", worker.slip_page, name="worker-slip"),
    path("my/pay/<str:reference>/confirm/", worker.confirm, name="worker-confirm"),
    path("my/pay/<str:reference>/object/", worker.object_, name="worker-object"),
    path("my/pay/<str:reference>/receipt/", worker.receipt, name="worker-receipt"),
    path("my/pay/<str:reference>/receipt/file/", worker.receipt_download, name="worker-receipt-file"),
]
