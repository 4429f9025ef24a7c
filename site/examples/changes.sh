# Asks what has changed since the change 0: everything. The next time, ask with
# the "after" of this answer. It stays the same when nothing is new.
curl --digest -u 'acme:secret' 'https://customers.example/customers/changes?after=0'
