# Changes only the fields that you send. If someone changed the customer after
# you read its ETag, the answer is 412 and nothing changes.
customer=2
etag=$(curl --digest -u 'demo:demo-password' -o customer.json -w '%header{etag}' \
  "http://127.0.0.1:8787/customers/$customer")
curl --digest -u 'demo:demo-password' -X PUT "http://127.0.0.1:8787/customers/$customer" \
  -H "If-Match: ${etag:?}" \
  --data-urlencode 'email=reception@jarntorget-tand.example'
