# All that is held about a customer, as one document.
customer=2
curl --digest -u 'demo:demo-password' -o "customer-$customer.json" \
  "http://127.0.0.1:8787/customers/$customer/export"
