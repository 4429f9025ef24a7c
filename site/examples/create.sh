# The key is yours to choose, one for each customer you create. Send the request
# again when its answer got lost: the same key never creates a second customer.
curl --digest -u 'demo:demo-password' http://127.0.0.1:8787/customers \
  -H 'Idempotency-Key: crm-4711' \
  --data-urlencode 'name=Bergström & Söner AB' \
  --data-urlencode 'custnr=SE-1010' \
  --data-urlencode 'email=post@bergstrom.example'
