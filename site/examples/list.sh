# All customers, a page at a time: the Link header names the next page.
# Two on a page, to show it; a page may have 1000.
next='/customers?pagesize=2'
while [ "$next" ]; do
  link=$(curl --digest -u 'demo:demo-password' -o page.json -w '%header{link}' "http://127.0.0.1:8787$next")
  cat page.json
  next=${link#<}
  next=${next%%>*}
done
