"""Opens workbooks with openpyxl: python books.py FILE... Says what is odd, one line each; nothing when all is well."""

import sys
import warnings

import openpyxl

warnings.simplefilter("error")

for path in sys.argv[1:]:
    book = openpyxl.load_workbook(path)
    if "_palermo_receipt" not in book.defined_names:
        print(f"{path}: the stamp is gone")
    if book.active != book.worksheets[0]:
        print(f"{path}: the first sheet is not the one that is shown")
    marked = noted = 0
    for sheet in book.worksheets[1:]:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.fill.fgColor.rgb in ("FFFFC7C1", "FFFFEBA1", "FFD6E6F5"):
                    marked += 1
                    noted += cell.comment is not None and "palermo" in cell.comment.text
    if not marked or marked != noted:
        print(f"{path}: {marked} cells are marked, {noted} have a comment")
    for row in book.worksheets[0].iter_rows():
        for cell in row:
            if cell.data_type == "f":
                print(f"{path}: {cell.coordinate} is a formula")
            if cell.hyperlink and (cell.hyperlink.target or not cell.hyperlink.location):
                print(f"{path}: {cell.coordinate} leads to {cell.hyperlink.target}")
