//! Every code of an error, with its status and what a caller does about it. The OpenAPI documents list them, and the
//! reference shows them. A test compares the list with the code, so no code can be left out.

/// A code that the service answers.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// The word: `code` in the envelope.
    pub code: &'static str,
    /// The status that it comes with.
    pub status: u16,
    /// Who can meet it.
    pub audience: Audience,
    /// What it means, and what to do.
    pub about: &'static str,
}

/// Who can meet a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Callers of the partner API only.
    Partner,
    /// The operator only.
    Operator,
    /// Both.
    Everybody,
}

impl Code {
    /// Whether a partner can meet the code.
    pub fn is_for_partners(&self) -> bool {
        self.audience != Audience::Operator
    }

    /// Whether the operator can meet the code.
    pub fn is_for_operators(&self) -> bool {
        self.audience != Audience::Partner
    }
}

use Audience::{Everybody, Operator, Partner};

const fn code(status: u16, code: &'static str, audience: Audience, about: &'static str) -> Code {
    Code {
        code,
        status,
        audience,
        about,
    }
}

/// Every code, by its status.
#[rustfmt::skip]
pub const CODES: &[Code] = &[
    code(400, "required", Everybody, "A mandatory parameter is missing. Send it."),
    code(400, "unknown_parameter", Everybody, "The request does not have this parameter. Correct its name: the message may name the one that you mean."),
    code(400, "assigned", Partner, "The service assigns this field. Leave it out."),
    code(400, "duplicate_parameter", Everybody, "The parameter is given twice. Send it once."),
    code(400, "contradiction", Everybody, "Path, query and body give different values for the same id. Send it in one place."),
    code(400, "misplaced_parameter", Everybody, "The parameter stands in the wrong part of the request. Send those of a GET in the query, and those of a POST or a PUT in the body."),
    code(400, "too_many_parameters", Everybody, "The request has more parameters than the service reads. Send fewer."),
    code(400, "more_faults", Everybody, "The request has more faults than the answer lists. Correct those that it lists and send the request again."),
    code(400, "not_a_string", Everybody, "The value is not a string. Send a string: in JSON with quotes."),
    code(400, "not_an_integer", Everybody, "The value is not an integer. Send a JSON number without a fraction, or its digits as a string."),
    code(400, "not_a_boolean", Operator, "The value is not a boolean. Send `true` or `false`, without quotes."),
    code(400, "not_a_list", Partner, "The value is not a JSON array. Send an array, also of a single element. In a form, `phonenrs` takes the text of the array; customers and calls come as JSON alone."),
    code(400, "not_an_object", Partner, "The element of the list is not a JSON object. Send an object for each element."),
    code(400, "length", Everybody, "The text or the list is too short or too long. The message names the limits. A text is counted in Unicode characters. Send one within the limits."),
    code(400, "range", Everybody, "The number is too small or too large. The message names the limits. Send a number within them."),
    code(400, "blank", Everybody, "The text shows nothing: it has only white space and invisible characters. Send a text that can be read."),
    code(400, "control_character", Everybody, "The text has a character that controls how text is shown, such as a line break, or begins with a combining mark. Remove it."),
    code(400, "white_space", Partner, "The text begins or ends with white space. Remove it."),
    code(400, "email", Partner, "The text is not an e-mail address. Send one address alone, like name@example.com, without a name beside it."),
    code(400, "phone_number", Partner, "The text is not a phone number in the form of E.164. Send it like +46890510, without separators. In a form and in a query, write + as %2B."),
    code(400, "time", Everybody, "The text is not a time in UTC of the form YYYY-MM-DD HH:MM:SS, or the time is out of range. The message says which. Send a time in that form and range."),
    code(400, "zip", Partner, "The value is not a German ZIP code. Send its 5 digits alone. The rule holds for partners in Germany."),
    code(400, "salutation", Partner, "The value is not a salutation of the German rule. Send `Firma`, `Herr` or `Frau`, with these capitals. The rule holds for partners in Germany."),
    code(400, "custom_field_not_set_up", Partner, "This custom field is not set up for you. Leave it out, or ask support to set it up."),
    code(400, "unknown_measure", Partner, "The customer has no measure with this id. Read the customer's measures and send the id of one."),
    code(400, "entity_tag", Everybody, "`If-Match` holds no entity tag. Send the `ETag` of the answer as it was, with its quotes."),
    code(400, "idempotency_key", Partner, "The `Idempotency-Key` is empty, too long, or has characters that are not printable ASCII. Send another one: a UUID is a good key."),
    code(400, "idempotency_key_reused", Partner, "The `Idempotency-Key` was used before for another request. Take a new key for each new request."),
    code(400, "malformed_json", Everybody, "The body is not one JSON object. The message says where it breaks. Correct it there."),
    code(400, "looks_like_json", Everybody, "The body is JSON but came as a form. Send the header `Content-Type: application/json`. A DELETE takes no JSON: send its parameters in the query, or as a form."),
    code(400, "malformed_percent_encoding", Everybody, "A % is not followed by two hexadecimal digits. Write a % itself as %25."),
    code(400, "malformed_utf8", Everybody, "The request has bytes that are not UTF-8. Send its texts in UTF-8."),
    code(400, "incomplete_body", Everybody, "The body was cut off on the way. Send the request again."),
    code(400, "username", Operator, "The user name is too long, or has a character that a user name cannot have. The message names those that it can have. Choose a user name of these."),
    code(400, "country", Operator, "The text is not a country's code that ISO 3166-1 has assigned. Send two capital letters, such as `SE`, or an empty text."),
    code(400, "networks", Operator, "The value is not an array of networks. Send each like 192.0.2.0/24 or 2001:db8::/32."),
    code(400, "access", Operator, "The value is no access of a login. Send `read` or `write`."),
    code(400, "action", Operator, "The audit trail has no such action. The message lists those that it has. Send one of them."),
    code(400, "order", Operator, "The audit trail has no such order. The message lists those that it has. Send one of them."),
    code(400, "database", Operator, "The text is not the name of a database. The message shows their form. Choose one of those that `GET /operator/databases` lists."),
    code(400, "same_database", Operator, "The partner lives in this database already. There is nothing to move. Choose another database to move it."),
    code(400, "german_rule", Operator, "The custom field is mandatory for partners in Germany. It cannot be changed or ended. Choose another number."),
    code(400, "too_many_logins", Operator, "The partner has as many logins as a partner may have. End one first."),
    code(401, "unauthorized", Operator, "The operator's token is missing or wrong. Send the header `Authorization: Bearer` with the token."),
    code(403, "forbidden", Partner, "The credentials are right, but you may not send this request: your access is shut, your address is not in your networks, or your login may only read. The message says which. Ask support."),
    code(403, "https_required", Everybody, "The request came over plain HTTP. Use https. If the request had credentials, ask support for new ones: others could read them."),
    code(404, "not_found", Everybody, "The path or the record does not exist, or the record belongs to somebody else. Check the id. A customer that was erased is not there any more either; its receipt is."),
    code(404, "unknown_version", Everybody, "The version in the path is not supported. Use the one that the message names, or none."),
    code(405, "method_not_allowed", Everybody, "The path does not have this method. Use one of those that the header `Allow` lists."),
    code(409, "custnr_taken", Partner, "Another live customer of yours has this `custnr`. Choose another one, or change that customer."),
    code(409, "external_id_taken", Partner, "The customer, or the request itself, has a call with this `external_id` and other values. The message says which. Nothing was stored. Send the values of that call, or another `external_id`."),
    code(409, "too_many_records", Partner, "The customer has as many records of this kind as a customer may have. Remove some, or ask support."),
    code(409, "username_taken", Operator, "Another partner or login has this user name. Choose another one."),
    code(409, "database_unfit", Operator, "The database cannot take the partner: it is not there, or something else. The message says which. Choose another one, or correct what it says."),
    code(409, "moves_elsewhere", Operator, "The partner is being moved to another database. Finish that move first."),
    code(409, "ending", Operator, "The old values of this custom field are still being removed. Repeat the request in a minute."),
    code(412, "precondition_failed", Everybody, "The record has changed since you read it. Nothing was done. Read it again, and repeat your change on what you read."),
    code(412, "precondition_unsupported", Everybody, "The path cannot evaluate the precondition. Nothing was done. Leave the header out."),
    code(413, "body_too_large", Everybody, "The body has too many bytes. The message names the limit. Send fewer records in each request."),
    code(415, "unsupported_media_type", Everybody, "The path does not accept this media type. Send one that the message names; a DELETE takes its parameters in the query too."),
    code(415, "unsupported_content_encoding", Everybody, "The body is compressed or otherwise encoded. Send it as it is."),
    code(429, "too_many_requests", Everybody, "You send too many requests. Wait for the seconds in `Retry-After`, then repeat the request."),
    code(429, "too_many_rows", Partner, "Your requests of this minute have read and written too many rows. Wait for the seconds in `Retry-After`, then repeat the request."),
    code(500, "internal_error", Everybody, "The service has a fault. Repeat the request once, a POST with the same `Idempotency-Key`. If it fails again, tell support the `X-Request-Id`."),
    code(503, "unavailable", Everybody, "The database is overloaded or has failed for the moment. Wait for the seconds in `Retry-After`, then repeat the request, a POST with the same `Idempotency-Key`."),
    code(503, "moving", Everybody, "The partner is being moved to another database, and nothing was changed. Reads are answered. Wait for the seconds in `Retry-After`, then repeat the request, a POST with the same `Idempotency-Key`."),
    code(503, "restoring", Everybody, "The database was restored and is being put in order. Wait for the seconds in `Retry-After`, then repeat the request, a POST with the same `Idempotency-Key`."),
    code(507, "storage_full", Everybody, "The database is full and takes only erasures and removals. Tell support the `X-Request-Id`, and repeat the request when they say so."),
];

/// The entry of a code.
pub fn find(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|known| known.code == code)
}

#[cfg(test)]
mod tests;
