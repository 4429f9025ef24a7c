//! `life ORIGIN USERNAME PASSWORD`: a customer's life with the Rust client of openapi-generator.

use customers_client::apis::configuration::Configuration;
use customers_client::apis::{Error, customers_api as customers, erasure_api as erasure, measures_api as measures};
use customers_client::models::{CustomerChange, CustomerCreation, ErrorCode, Errors, NewCustomer, NewMeasure};

fn connect(origin: &str, username: &str, password: &str) -> Configuration {
    Configuration {
        base_path: origin.to_owned(),
        basic_auth: Some((username.to_owned(), Some(password.to_owned()))),
        ..Configuration::default()
    }
}

/// The status and the body of a call that must fail.
fn failure<T, E>(result: Result<T, Error<E>>) -> (u16, String) {
    match result {
        Err(Error::ResponseError(failure)) => (failure.status.as_u16(), failure.content),
        Err(error) => panic!("the call failed in another way: {}", kind(&error)),
        Ok(_) => panic!("the call did not fail"),
    }
}

fn kind<E>(error: &Error<E>) -> &'static str {
    match error {
        Error::Reqwest(_) => "reqwest",
        Error::Serde(_) => "serde",
        Error::Io(_) => "io",
        Error::ResponseError(_) => "response",
    }
}

/// The code of an error, as the enum of the document.
fn code((_, body): &(u16, String)) -> ErrorCode {
    serde_json::from_str::<Errors>(body).unwrap().errors[0].code
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [origin, username, password] = arguments.as_slice() else {
        panic!("usage: life ORIGIN USERNAME PASSWORD");
    };
    let api = connect(origin, username, password);
    let custnr = "A+1/2".to_owned();
    let body = NewCustomer::new("Åkeri & Söner 100 %".to_owned(), custnr.clone());
    let body = CustomerCreation::NewCustomer(Box::new(body));
    let created = customers::create_customer(&api, body.clone(), None).await.unwrap();
    let created = &created.customers[0];
    let id: i64 = created.customer_id;
    let taken = failure(customers::create_customer(&api, body, None).await);
    let page = customers::list_customers(&api, None, Some(&custnr), None, Some(10), None).await.unwrap();
    let change = CustomerChange {
        email: Some("post@example.com".to_owned()),
        ..CustomerChange::default()
    };
    let changed = customers::update_customer(&api, id, None, Some(change)).await.unwrap();
    let numbers = ["+46313900650", "+46313900602"].map(str::to_owned);
    let [phonenr, destnr] = numbers;
    let measure = NewMeasure {
        name: "Leaflet".to_owned(),
        phonenr,
        destnr,
        ..NewMeasure::default()
    };
    measures::create_measure(&api, id, measure, None).await.unwrap();
    let listed = measures::list_measures(&api, id, None, None, None, None).await.unwrap();
    let preview = erasure::erase_customer(&api, id, Some(1), None, None).await.unwrap().erasure;
    let receipt = erasure::erase_customer(&api, id, None, None, None).await.unwrap().erasure;
    let gone = failure(customers::get_customer(&api, id, None).await);
    let wrong = connect(origin, username, "wrong");
    let refused = failure(customers::list_customers(&wrong, None, None, None, None, None).await);
    let left = customers::list_customers(&api, None, None, None, None, None).await.unwrap();
    println!(
        "{}",
        serde_json::json!({
            "created": created.custnr,
            "taken": code(&taken),
            "listed": page.total,
            "changed": changed.customers[0].email,
            "measures": listed.measures.len(),
            "previewed": preview.removed_at,
            "masked": receipt.phone_numbers_masked,
            "status": receipt.status,
            "gone": code(&gone),
            "refused": refused.0,
            "left": left.total,
        })
    );
}
