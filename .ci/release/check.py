"""Holds a release against software that knows nothing of palermo: pycanon counts k, pysdmx reads the SDMX-CSV by its structure (checked
by the standard's own XSD), and openpyxl looks up each answer of the HTCDS workbook in the lists of the standard's template, where
that is at hand.

    check.py ROWS TABLES K [TEMPLATE]
"""
import csv
import pathlib
import sys
import warnings
import zipfile
from xml.etree import ElementTree

import openpyxl
import pandas as pd
from pycanon import anonymity
from pysdmx.io import get_datasets, read_sdmx

warnings.simplefilter("ignore")
IDENTIFYING = ["yearOfRegistration", "gender", "ageBroad", "majorityStatus", "majorityStatusAtExploit", "majorityEntry", "citizenship", "CountryOfExploitation"]


def rows(folder, k):
    table = pd.read_csv(folder / "microdata.csv", dtype=str, keep_default_na=False)
    found = anonymity.k_anonymity(table, IDENTIFYING)
    assert found >= k, f"pycanon finds k = {found}, and {k} was asked for"
    return f"microdata: {len(table)} rows, pycanon finds k = {found}"


def sdmx(folder):
    structure = read_sdmx(folder / "sdmx-structure.xml", validate=True)
    flow = get_datasets(str(folder / "sdmx.csv"), str(folder / "sdmx-structure.xml"))[0]
    codes = {c.id: {item.id for item in c.items} for c in structure.structures if type(c).__name__ == "Codelist"}
    for name in flow.data.columns:
        if "CL_" + name in codes:
            unknown = set(flow.data[name].dropna()) - codes["CL_" + name]
            assert not unknown, f"{name}: {unknown} in no code list"
    key = ["REF_AREA", "CITIZENSHIP", "SEX", "AGE", "PURPOSE", "TIME_PERIOD"]
    assert not flow.data.duplicated(key).any(), "two observations have one key"
    return f"sdmx: {len(flow.data)} observations, by a structure that is valid"


def lists(template):
    """The lists that the template's columns offer. openpyxl leaves out those that stand in an extension, as they do there."""
    book = openpyxl.load_workbook(template, read_only=True)
    sheets = {ws.title: [list(r) for r in ws.iter_rows(values_only=True)] for ws in book}
    with zipfile.ZipFile(template) as z:
        tree = ElementTree.fromstring(z.read("xl/worksheets/sheet1.xml"))
    out = {}
    for v in tree.iter("{http://schemas.microsoft.com/office/spreadsheetml/2009/9/main}dataValidation"):
        if v.get("type") != "list":
            continue
        formula = v.find(".//{http://schemas.microsoft.com/office/excel/2006/main}f").text
        where = v.find("{http://schemas.microsoft.com/office/excel/2006/main}sqref").text
        sheet, span = formula.replace("$", "").split("!")
        (first, top, _, bottom) = openpyxl.utils.range_boundaries(span)
        out[openpyxl.utils.range_boundaries(where)[0]] = {sheets[sheet][r - 1][first - 1] for r in range(top, bottom + 1)}
    return out


def htcds(folder, template):
    ours = openpyxl.load_workbook(folder / "htcds.xlsx", read_only=True)["Case Sheet"]
    theirs = openpyxl.load_workbook(template, read_only=True)["Case Sheet"]
    want = [list(r)[:39] for r in theirs.iter_rows(max_row=2, values_only=True)]
    offered, n, answers = lists(template), 0, 0
    for i, row in enumerate(ours.iter_rows(values_only=True)):
        if i < 2:
            got = (list(row) + [None] * 39)[:39]
            differ = [(a, b) for a, b in zip(got, want[i]) if a != b]
            assert not differ, f"row {i + 1} is not the template's: {differ}"
            continue
        n += 1
        for column, words in offered.items():
            word = row[column - 1] if column <= len(row) else None
            if word is not None:
                answers += 1
                assert word in words, f"row {i + 1}: an answer of column {column} is not in the template's list"
    assert answers, "no answer at all"
    return f"htcds: {n} rows, {answers} answers, each in the template's list"


def main():
    released, tables, k = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    print(rows(released, k))
    print(sdmx(tables))
    if len(sys.argv) > 4 and pathlib.Path(sys.argv[4]).exists():
        print(htcds(released, pathlib.Path(sys.argv[4])))
    else:
        print("htcds: the standard's template is not at hand, so that its lists are not tried")


main()
