-- npm start loads this into an empty database: five customers of the partner `demo`. demo.mjs writes the partner's own
-- row, because that row contains an encrypted HA1. Every phone number is from a range that its country reserves for
-- fiction. The integer after a number is the length of its country code and NDC together (+46 8 → 3, +44 20 → 4).

INSERT INTO custom_fields (partner_id, n, label, max_length)
VALUES (1, 1, 'Account manager', 60);

INSERT INTO customers (
    customer_id, partner_id, uuid, custnr, name, corporateid, email, receive_monthly_report,
    address_street, address_zip, address_city, address_country, custom_1, created
) VALUES
(1, 1, '080aeeb9-c9e6-43d5-9476-1541dcce2d4a', 'SE-1001', 'Lindqvist Bygg AB', '556000-0001', 'kontor@lindqvist-bygg.example', 1,
    'Sveavägen 44', '111 34', 'Stockholm', 'SE', 'Maja Ek', '2026-01-12 08:30:00'),
(2, 1, 'fbe015a1-56bf-4376-a011-5d77d6b3439a', 'SE-1002', 'Tandläkarna vid Järntorget', '556000-0002', 'info@jarntorget-tand.example', 2,
    'Järntorget 4', '413 04', 'Göteborg', 'SE', 'Maja Ek', '2026-02-03 13:05:00'),
(3, 1, '606368e3-1e8e-4d41-b2ce-bf4bd54e8815', 'DE-2001', 'Kreuzberger Fahrradladen', 'DE000000001', 'laden@kreuzrad.example', 0,
    'Oranienstraße 25', '10999', 'Berlin', 'DE', 'Jonas Brandt', '2026-03-20 09:00:00'),
(4, 1, '124221ac-5490-4781-b745-6bbc23226403', 'GB-3001', 'Thames & Sons Plumbing Ltd', '', 'office@thames-plumbing.example', 1,
    '17 Bankside', 'SE1 9JE', 'London', 'GB', '', '2026-04-08 10:15:00'),
(5, 1, 'b4ae42e2-85e7-439e-b8e8-15313d2be80f', 'US-4001', 'Potomac Flowers, Inc.', '', 'hello@potomac-flowers.example', 0,
    '1200 M Street NW', '20005', 'Washington', 'US', 'Jonas Brandt', '2026-05-30 16:45:00');

-- The third measure has already expired.
INSERT INTO measures (
    measure_id, customer_id, name, media, phonenr, phonenr_ccndc, destnr, destnr_ccndc, created, expires
) VALUES
(1, 1, 'Search ads', 'Google Ads', '+46846500440', 3, '+46846500401', 3, '2026-01-12 08:40:00', ''),
(2, 1, 'Vans', 'Vehicle lettering', '+46701740605', 4, '+46846500402', 3, '2026-01-12 08:45:00', ''),
(3, 1, 'Trade fair', 'Print', '+46846500440', 3, '+46846500403', 3, '2026-01-12 08:50:00', '2026-03-31 23:59:59'),
(4, 2, 'Website', 'Web', '+46313900650', 4, '+46313900601', 4, '2026-02-03 13:10:00', ''),
(5, 3, 'Website', 'Web', '+493023125500', 4, '+493023125101', 4, '2026-03-20 09:05:00', ''),
(6, 4, 'Leaflet', 'Print', '+442079460500', 4, '+442079460101', 4, '2026-04-08 10:20:00', '2027-04-08 00:00:00'),
(7, 5, 'Radio spot', 'WXYZ', '+12025550150', 4, '+12025550101', 4, '2026-05-30 16:50:00', '');

INSERT INTO users (user_id, customer_id, email, name, write_access, receive_monthly_report) VALUES
(1, 1, 'karin@lindqvist-bygg.example', 'Karin Lindqvist', 1, 1),
(2, 1, 'omar@lindqvist-bygg.example', 'Omar Haddad', 0, 0),
(3, 2, 'info@jarntorget-tand.example', 'Reception', 1, 2),
(4, 3, 'laden@kreuzrad.example', 'Anke Vogt', 1, 0),
(5, 4, 'george@thames-plumbing.example', 'George Thames', 1, 1);

INSERT INTO allowed_numbers (customer_id, position, phonenr) VALUES
(1, 0, '+46846500440'), (1, 1, '+46701740605'),
(3, 0, '+493023125500'),
(5, 0, '+12025550150');

-- A caller who withholds the number has no anum. An unanswered call has no cnum.
INSERT INTO calls (
    call_id, customer_id, measure_id, start, duration, answered,
    anum, anum_ccndc, bnum, bnum_ccndc, cnum, cnum_ccndc
) VALUES
(1, 1, 1, '2026-09-01 07:12:09', 184, 1, '+46701740611', 4, '+46846500401', 3, '+46846500440', 3),
(2, 1, 1, '2026-09-01 11:40:51', 0, 0, '+46313900677', 4, '+46846500401', 3, '', 0),
(3, 1, 3, '2026-03-14 09:03:30', 61, 1, '+46846500488', 3, '+46846500403', 3, '+46846500440', 3),
(4, 1, 2, '2026-09-02 15:22:00', 412, 1, '', 0, '+46846500402', 3, '+46701740605', 4),
(5, 2, 4, '2026-09-02 08:00:12', 95, 1, '+46701740642', 4, '+46313900601', 4, '+46313900650', 4),
(6, 3, 5, '2026-09-03 12:31:44', 230, 1, '+493023125777', 4, '+493023125101', 4, '+493023125500', 4),
(7, 3, 5, '2026-09-03 17:59:02', 0, 0, '+46701740620', 4, '+493023125101', 4, '', 0),
(8, 4, 6, '2026-09-04 06:45:20', 37, 1, '+442079460777', 4, '+442079460101', 4, '+442079460500', 4),
(9, 5, 7, '2026-09-04 19:10:05', 128, 1, '+12025550177', 4, '+12025550101', 4, '+12025550150', 4);

UPDATE customers SET
    measures_total = (SELECT COUNT(*) FROM measures WHERE measures.customer_id = customers.customer_id),
    measures_endless = (SELECT COUNT(*) FROM measures WHERE measures.customer_id = customers.customer_id AND expires = ''),
    users_total = (SELECT COUNT(*) FROM users WHERE users.customer_id = customers.customer_id),
    calls_total = (SELECT COUNT(*) FROM calls WHERE calls.customer_id = customers.customer_id),
    numbers_total = 2 * (SELECT COUNT(*) FROM measures WHERE measures.customer_id = customers.customer_id)
        + (SELECT COALESCE(SUM((anum <> '') + (bnum <> '') + (cnum <> '')), 0) FROM calls
            WHERE calls.customer_id = customers.customer_id);

-- Each list is one block.
INSERT INTO blocks (kind, owner_id, id, live)
SELECT 'directory', 0, MIN(partner_id), COUNT(*) FROM directory
UNION ALL SELECT 'customers', partner_id, MIN(customer_id), COUNT(*) FROM customers GROUP BY partner_id
UNION ALL SELECT 'measures', customer_id, MIN(measure_id), COUNT(*) FROM measures GROUP BY customer_id
UNION ALL SELECT 'users', customer_id, MIN(user_id), COUNT(*) FROM users GROUP BY customer_id
UNION ALL SELECT 'calls', customer_id, 0, COUNT(*) FROM calls GROUP BY customer_id;

-- The demo tells of its customers as if the partner had created them, so that whoever keeps a copy hears of them.
INSERT INTO audit (at, actor, partner_id, login, action, kind, record_id, customer_id, fields, request_id)
SELECT created, 'service', partner_id, '', 'create', 'customers', customer_id, customer_id, '[]', '5f0c2a0e-7c0f-4f4e-9c55-3f6a2f6f1d10'
FROM customers ORDER BY created;
