"""The worked example of pushing, as the page /api/push/ shows it and the tests run it."""

PYTHON = """\
from devices.client import SourceClient  # client.py and signing.py, standard library only

client = SourceClient(SERVER, KEY, SECRET)
answer = client.push_people(
    "2026-11-16-people-1",            # the same id again gets the same answer
    PROJECT,
    [{"name": "郑大江", "id_number": ID_NUMBER, "phone": "13857900311", "team": "木工一班",
      "trade": "木工", "pay_basis": "day", "rate": "380", "joined_on": "2026-11-16"}],
    firm=COMPANY_CODE,                # who employs them, 18 characters
)
for row in answer["rows"]:
    if row["result"] == "refused":
        print(row["index"], row["code"], row["message"])

client.push_attendance(
    "2026-11-16-east-1", PROJECT,
    [{"id": "8812-1", "id_number": ID_NUMBER, "at": "2026-11-16T07:01:09+08:00", "direction": "in", "type": 1},
     {"idCardNumber": ID_NUMBER, "date": "2026-11-16 07:30:00", "direction": "02", "attendType": "001"}],
    gate="东门",
)
for day in client.days_on_record(PROJECT, "2026-11-16", "2026-11-16"):
    print(day["day"], day["received"], day["passages"], day["digest"])
"""

CURL = r"""
BODY='{"batch":"2026-11-16-west-1","project":"'$PROJECT'","gate":"西门","events":[
  {"id":"8813-1","id_number":"'$ID_NUMBER'","at":"2026-11-16T07:45:00+08:00","direction":"in","type":5}]}'
PLACE=/api/v1/push/attendance/
WHEN=$(date +%s)
NONCE=$(openssl rand -hex 12)
DIGEST=$(printf '%s' "$BODY" | openssl dgst -sha256 -r | cut -d' ' -f1)
SIGNATURE=$(printf 'WW1\nPOST\n%s\n%s\n%s\n%s' "$PLACE" "$WHEN" "$NONCE" "$DIGEST" |
  openssl dgst -sha256 -hmac "$SECRET" -r | cut -d' ' -f1)
curl -sS "$SERVER$PLACE" -H 'Content-Type: application/json' -H 'Accept-Language: zh-CN' \
  -H "X-WW-Key: $KEY" -H "X-WW-Timestamp: $WHEN" -H "X-WW-Nonce: $NONCE" -H "X-WW-Signature: $SIGNATURE" \
  --data-raw "$BODY"
""".lstrip()
