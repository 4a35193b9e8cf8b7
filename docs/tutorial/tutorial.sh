#!/bin/sh
# From an empty folder to an answer, a chart and an explained cell. Needs palermo and the DuckDB command line
# (https://duckdb.org/docs/installation) on the path. The cases are made up.
set -eu

# 1. A home, with a drop folder for one agency.
palermo init home --agency iom_chisinau --quiet

# 2. The agency leaves a spreadsheet: nine persons, one of them sent twice, as it happens.
cat > home/drop/iom_chisinau/cases.csv <<'CASES'
Case No,Mission,Registered on,Sex,Age,Citizenship,Data consent,Country of origin,Education,How recruited,Destination,Exploitation country,Exploited from,Type of exploitation,Threats,Physical abuse,Documents withheld,False promises,Victim of trafficking,Assistance given
MD/01/00001,Moldova,14/02/2001,F,19,Moldova,Yes,Moldova,High school,Personal contact,Italy,Italy,03/12/2000,Sexual exploitation,1,0,1,1,Yes,Shelter; Medical
MD/01/00002,Moldova,03/05/2001,F,16,Moldova,Yes,Moldova,None,Personal contact,Turkey,Turkey,14/01/2001,Sexual exploitation,1,1,U,1,Yes,Shelter; Return
MD/02/00003,Moldova,11/01/2002,M,34,Moldova,Yes,Moldova,Technical/trade school,Advertisement,Russia,Russia,01/06/2001,Forced labour,0,0,1,1,Yes,Legal; Return
MD/02/00004,Moldova,20/03/2002,F,22,Moldova,Yes,Moldova,High school,Personal contact,Italy,Italy,05/10/2001,Sexual exploitation,1,0,1,0,Yes,Shelter
MD/02/00005,Moldova,02/09/2002,F,17,Moldova,Yes,Moldova,,Kidnapping,Bosnia and Herzegovina,Bosnia and Herzegovina,10/02/2002,Sexual exploitation,-99,-99,-99,-99,Yes,Shelter; Psychological
MD/03/00006,Moldova,25/02/2003,F,11,Moldova,Yes,Moldova,None,Personal contact,Moldova,Moldova,19/02/2002,Begging,0,1,0,0,Yes,Shelter; Psychological; Return
MD/03/00007,Moldova,10/11/2003,M,28,Moldova,Yes,Moldova,High school,Advertisement,Russia,Russia,01/03/2003,Forced labour,U,0,1,1,Yes,Legal
MD/03/00008,Moldova,12/12/2003,F,,Moldova,Yes,Moldova,High school,Personal contact,Turkey,Turkey,14/04/2003,Sexual exploitation,1,0,1,1,Yes,Medical
MD/03/00009,Moldova,12/12/2003,F,25,Moldova,No,Moldova,High school,Personal contact,Turkey,Turkey,14/04/2003,Sexual exploitation,1,0,1,1,Yes,Medical
CASES
tail -n 2 home/drop/iom_chisinau/cases.csv | head -n 1 >> home/drop/iom_chisinau/cases.csv

# 3. The night's run: it reads the file, says what became of each row, and publishes a snapshot.
palermo run --home home

# 4. An answer. The database tells what each view and column means, and what it must not be used for.
duckdb -readonly home/current/palermo.duckdb "
  SELECT comment FROM dictionary WHERE object = 'means_used' AND ordinal = 0"
duckdb -readonly home/current/palermo.duckdb "
  SELECT means_code, n_yes, n_answered, n_asked, n_all, round(100 * share_answered) AS percent
  FROM means_used WHERE is_control ORDER BY ALL"

# 5. A chart.
duckdb -readonly home/current/palermo.duckdb "
  SELECT year, is_partial_period AS partial, persons_low AS persons, bar(persons_low, 0, 10, 20) AS chart
  FROM victims_by_year WHERE year_basis_code = 'registration' ORDER BY year"

# 6. Where does a number come from? From the cells that it counts.
palermo explain --home home means_used n_yes source_id=iom_ctm is_control=true means_code=physical_abuse --html explained.html
