# destnr is the tracking number. Its calls go to phonenr.
customer=2
curl --digest -u 'demo:demo-password' "http://127.0.0.1:8787/customers/$customer/measures" \
  --data-urlencode 'name=Leaflet' \
  --data-urlencode 'media=Print' \
  --data-urlencode 'destnr=+46313900602' \
  --data-urlencode 'phonenr=+46313900650'
