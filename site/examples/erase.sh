# Put in the customer's id. What the erasure would do; the erasure, which cannot
# be undone; and its receipt, which can be read again at any time.
customer=1
curl --digest -u 'demo:demo-password' -X DELETE "http://127.0.0.1:8787/customers/$customer?dry_run=1"
curl --digest -u 'demo:demo-password' -X DELETE "http://127.0.0.1:8787/customers/$customer"
curl --digest -u 'demo:demo-password' "http://127.0.0.1:8787/customers/$customer/erasure"
