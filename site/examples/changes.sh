# Asks what has changed since the change 0: everything. The next time, ask with
# the "after" of this answer. It stays the same when nothing is new.
curl --digest -u 'demo:demo-password' 'http://127.0.0.1:8787/customers/changes?after=0'
