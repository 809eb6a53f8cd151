"""What people are told about a file that cannot be read: what is wrong and what to do."""

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Text

FILE_MESSAGES: dict[str, Text] = {
    "file.empty": _("The file is empty. Fill in the table, save it and upload it again."),
    "file.too_large": _("The file is larger than %(limit)s MB. Remove pictures or split it into several files."),
    "file.too_many_rows": _("The table has more than %(limit)s rows. Split it into several files."),
    "file.too_many_sheets": _("The file has more than %(limit)s sheets. Keep only the sheets to upload."),
    "file.too_wide": _("The table is too wide. Copy the table alone into a new workbook and upload that."),
    "file.too_heavy": _("The file takes too much to read. Copy the table alone into a new workbook."),
    "file.zip_bomb": _("The file unpacks to far more than a table needs, so it was not opened. Save it anew in Excel or WPS."),
    "file.entities": _("The file contains XML declarations that no spreadsheet needs, so it was not opened. "
                       "Save it anew as .xlsx."),
    "file.password": _("The file is protected by a password. Remove the password in Excel or WPS and upload it again."),
    "file.cut_off": _("The end of the file is missing: the upload or a copy broke off. Upload the original again."),
    "file.damaged": _("The file is damaged and cannot be opened. Open it in Excel or WPS, save it as .xlsx and upload that."),
    "file.picture": _("This is a picture. Upload the table itself as .xlsx, .xls, .ods or .csv."),
    "file.only_pictures": _("The sheets of this file hold pictures and no cells. Upload the spreadsheet that was photographed, or type it in."),
    "file.pdf": _("This is a PDF. Upload the table itself as .xlsx, .xls, .ods or .csv."),
    "file.word": _("This is a text document or slides. Copy its table into a spreadsheet and upload that."),
    "file.archive": _("This is an archive. Unpack it and upload the spreadsheet inside."),
    "file.unsupported": _("This form of spreadsheet is not read here. Save it as .xlsx and upload that."),
    "file.not_a_table": _("No table was found in this file. Upload a spreadsheet: .xlsx, .xls, .ods or .csv."),
    "file.encoding": _("The characters of this file cannot be read. Save it as .xlsx, or as CSV in UTF-8 or GBK."),
}  # fmt: skip
