# Use your customer's id. The first request only counts what the erasure would
# do. The second erases, which cannot be undone. The third reads the receipt.
customer=1
curl --digest -u 'demo:demo-password' -X DELETE "http://127.0.0.1:8787/customers/$customer?dry_run=1"
curl --digest -u 'demo:demo-password' -X DELETE "http://127.0.0.1:8787/customers/$customer"
curl --digest -u 'demo:demo-password' "http://127.0.0.1:8787/customers/$customer/erasure"
