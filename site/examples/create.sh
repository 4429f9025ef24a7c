# Choose a new key for each customer that you create. If the answer gets lost,
# send the request again: the same key never creates a second customer.
curl --digest -u 'demo:demo-password' http://127.0.0.1:8787/customers \
  -H 'Idempotency-Key: crm-4711' \
  --data-urlencode 'name=Bergström & Söner AB' \
  --data-urlencode 'custnr=SE-1010' \
  --data-urlencode 'email=post@bergstrom.example'
