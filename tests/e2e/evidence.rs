//! The evidence of an erasure: stock libraries verify real receipts, by the programs of site/guide/evidence.md as they stand there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::client::{Request, anonymous};
use crate::clients::is_there;
use crate::partner::Partner;
use crate::server::{Difference, ROOT, Server, shared};

mod verify;

/// The path of the keys.
const KEYS: &str = "/.well-known/jwks.json";

/// The program of the page in this language. The page has two for the shell; this is the one with this word in it.
fn program(language: &str, word: &str) -> String {
    let page = fs::read_to_string(Path::new(ROOT).join("site/guide/evidence.md")).unwrap();
    let fence = format!("\n```{language}\n");
    let blocks = page.split(&fence).skip(1);
    let mut blocks = blocks.map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks.find(|block| block.contains(word)).unwrap()
}

/// A folder with what the commands of the page fetch: `receipt.json` of an erased customer, and `jwks.json`.
struct Fetched {
    folder: PathBuf,
    receipt: Value,
    keys: Value,
}

impl Fetched {
    fn new(partner: &Partner, name: &str) -> Self {
        let folder = partner.server.state.join(format!("evidence-{name}"));
        fs::create_dir(&folder).unwrap();
        let id = partner.create_customer("Customer", "1");
        partner.delete(&format!("/customers/{id}")).expect(200);
        let commands = program("sh", "curl")
            .replace("https://customers.example", &partner.server.origin)
            .replace(
                "acme:secret",
                &format!("{}:{}", partner.username, partner.password),
            )
            .replace("/customers/3", &format!("/customers/{id}"));
        assert!(
            commands.contains(&partner.password) && commands.contains(&format!("/{id}/erasure "))
        );
        {
            let _under_way = partner.server.request_under_way();
            let output = run(&folder, "sh", &["-ec", &commands]);
            assert!(output.status.success(), "{output:#?}");
        }
        let read =
            |name: &str| serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap();
        let (receipt, keys) = (read("receipt.json"), read("jwks.json"));
        Self {
            folder,
            receipt,
            keys,
        }
    }

    /// The receipt without its signature.
    fn plain(&self) -> Value {
        let mut receipt = self.receipt["erasure"].clone();
        receipt.as_object_mut().unwrap().remove("jws").unwrap();
        receipt
    }

    /// Runs a program on these files.
    fn run_on(&self, receipt: &Value, keys: &Value, program: &str, arguments: &[&str]) -> Output {
        fs::write(self.folder.join("receipt.json"), receipt.to_string()).unwrap();
        fs::write(self.folder.join("jwks.json"), keys.to_string()).unwrap();
        run(&self.folder, program, arguments)
    }
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    command.env("NO_PROXY", "127.0.0.1").output().unwrap()
}

/// The parts of a JWS.
fn parts(jws: &str) -> [&str; 3] {
    let parts: Vec<&str> = jws.split('.').collect();
    parts.try_into().unwrap()
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(part).unwrap()).unwrap()
}

fn encoded(part: &Value) -> String {
    Base64UrlUnpadded::encode_string(part.to_string().as_bytes())
}

/// The receipts that no program may believe, each with the keys that it is tried with.
fn forgeries(real: &Fetched) -> Vec<(&'static str, Value, Value)> {
    let keys = &real.keys;
    let jws = real.receipt["erasure"]["jws"].as_str().unwrap();
    let [header, claims, signature] = parts(jws);
    let receipt = |jws: String| json!({"erasure": {"jws": jws}});
    let mut changed = decoded(claims);
    changed["erasure"]["customer_id"] = json!(0);
    let mut none = decoded(header);
    none["alg"] = json!("none");
    let mut bytes = Base64UrlUnpadded::decode_vec(signature).unwrap();
    bytes[20] ^= 1;
    let bytes = Base64UrlUnpadded::encode_string(&bytes);
    // A point that is on the curve: the key of RFC 9449 §6.1.
    let mut other = keys.clone();
    other["keys"][0]["x"] = json!("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs");
    other["keys"][0]["y"] = json!("9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA");
    let kid = decoded(header)["kid"].as_str().unwrap().to_owned();
    let by_our_key = |typ: &str, iss: &str| {
        let mut header = Header::new(Algorithm::ES256);
        (header.typ, header.kid) = (Some(typ.to_owned()), Some(kid.clone()));
        let mut claims = decoded(claims);
        claims["iss"] = json!(iss);
        let key = Base64::decode_vec(&secret_key()).unwrap();
        let key = EncodingKey::from_ec_der(&key);
        receipt(jsonwebtoken::encode(&header, &claims, &key).unwrap())
    };
    let typ = "erasure-receipt+jwt";
    let all = [
        (
            "other claims",
            receipt(format!("{header}.{}.{signature}", encoded(&changed))),
            keys,
        ),
        (
            "another signature",
            receipt(format!("{header}.{claims}.{bytes}")),
            keys,
        ),
        ("no signature", receipt(format!("{header}.{claims}.")), keys),
        (
            "no algorithm",
            receipt(format!("{}.{claims}.", encoded(&none))),
            keys,
        ),
        ("another key", real.receipt.clone(), &other),
        ("no key", real.receipt.clone(), &json!({"keys": []})),
        ("another type", by_our_key("JWT", "customers"), keys),
        ("another issuer", by_our_key(typ, "elsewhere"), keys),
    ]
    .map(|(what, receipt, keys)| (what, receipt, keys.clone()));
    // What was signed here by the service's key is believed if nothing is wrong with it.
    let fine = by_our_key(typ, "customers")["erasure"]["jws"].clone();
    assert!(verify::verified(fine.as_str().unwrap(), &keys.to_string()).is_ok());
    all.into()
}

/// The private key from `.dev.vars.example`.
fn secret_key() -> String {
    let secrets = include_str!("../../.dev.vars.example");
    let line = secrets
        .lines()
        .find_map(|line| line.strip_prefix("RECEIPT_KEY="));
    line.unwrap().trim_matches('"').to_owned()
}

/// Has a program of the page believe a real receipt, and no other.
fn verifies(name: &str, program: &str, arguments: &[&str], prepare: impl FnOnce(&Path)) {
    let real = Fetched::new(&Partner::new(), name);
    prepare(&real.folder);
    let believed = real.run_on(&real.receipt, &real.keys, program, arguments);
    assert!(believed.status.success(), "{name}: {believed:#?}");
    let told: Value = serde_json::from_slice(&believed.stdout).unwrap();
    assert_eq!(told, real.plain(), "{name}");
    let uuid = real.receipt["erasure"]["uuid"].as_str().unwrap();
    for (what, receipt, keys) in forgeries(&real) {
        let refused = real.run_on(&receipt, &keys, program, arguments);
        assert!(!refused.status.success(), "{name} believes {what}");
        let told = String::from_utf8_lossy(&refused.stdout);
        assert!(!told.contains(uuid), "{name} tells {what}: {told}");
    }
}

#[test]
fn python_verifies_a_receipt_and_refuses_forgeries() {
    if is_there("python3", &["-c", "import jwt, cryptography"]) {
        verifies(
            "python",
            "python3",
            &["-c", &program("python", "jwt")],
            |_| {},
        );
    }
}

#[test]
fn node_verifies_a_receipt_and_refuses_forgeries() {
    shared();
    let modules = Path::new(ROOT).join("node_modules");
    let node = modules.join("node/bin/node");
    let arguments = ["--input-type=module", "--eval", &program("js", "jose")];
    verifies("node", node.to_str().unwrap(), &arguments, |folder| {
        symlink(&modules, folder.join("node_modules")).unwrap();
    });
}

#[test]
fn php_verifies_a_receipt_and_refuses_forgeries() {
    if is_there(
        "php",
        &["-r", "exit(function_exists('openssl_verify') ? 0 : 1);"],
    ) {
        verifies("php", "php", &["verify.php"], |folder| {
            fs::write(folder.join("verify.php"), program("php", "openssl")).unwrap();
        });
    }
}

#[test]
fn openssl_alone_verifies_a_receipt_and_refuses_forgeries() {
    if is_there("openssl", &["version"]) {
        verifies("openssl", "sh", &["-c", &program("sh", "openssl")], |_| {});
    }
}

#[test]
fn rust_verifies_a_receipt_and_refuses_forgeries() {
    assert!(include_str!("evidence/verify.rs").ends_with(&program("rust", "jsonwebtoken")));
    let real = Fetched::new(&Partner::new(), "rust");
    let verified = |receipt: &Value, keys: &Value| {
        let jws = receipt["erasure"]["jws"].as_str().unwrap();
        verify::verified(jws, &keys.to_string()).ok()
    };
    assert_eq!(verified(&real.receipt, &real.keys), Some(real.plain()));
    for (what, receipt, keys) in forgeries(&real) {
        assert_eq!(verified(&receipt, &keys), None, "{what}");
    }
}

#[test]
fn the_examples_of_the_document_are_a_receipt_and_its_key() {
    let document = anonymous("GET", "/openapi.json").expect(200).json();
    let example = |schema: &str, member: &str| {
        document["components"]["schemas"][schema]["properties"][member]["examples"][0].clone()
    };
    let key =
        ["kty", "crv", "x", "y", "kid", "use", "alg"].map(|name| (name, example("Key", name)));
    let keys = json!({"keys": [Value::Object(key.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())]});
    let jws = example("Receipt", "jws");
    let signed = verify::verified(jws.as_str().unwrap(), &keys.to_string()).unwrap();
    let signed = signed.as_object().unwrap();
    assert_eq!(signed.len(), 11);
    for (name, value) in signed.iter().filter(|(name, _)| *name != "status") {
        assert_eq!(*value, example("Receipt", name), "{name}");
    }
}

/// Whoever takes a key from the page as the service's own would believe what anybody with this repository can sign.
#[test]
fn no_key_of_a_server_for_development_stands_on_the_page() {
    let keys = anonymous("GET", KEYS).expect(200).json();
    let page = anonymous("GET", "/").expect(200).text;
    for name in ["x", "y", "kid"] {
        let value = keys["keys"][0][name].as_str().unwrap();
        assert!(!page.contains(value), "{name}");
    }
}

#[test]
fn a_receipt_is_signed_once_and_says_who_signed_what() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = format!("/customers/{id}");
    let preview = partner
        .delete(&format!("{path}?dry_run=1"))
        .expect(200)
        .json();
    assert_eq!(
        [
            &preview["erasure"]["jws"],
            &preview["erasure"]["backups_until"]
        ],
        ["", ""]
    );
    let erased = partner.delete(&path).expect(200);
    let receipt = erased.json()["erasure"].clone();
    for _ in 0..2 {
        assert_eq!(partner.delete(&path).expect(200).text, erased.text);
        assert_eq!(
            partner.get(&format!("{path}/erasure")).expect(200).text,
            erased.text
        );
    }
    let published = partner
        .get(&format!("/2.4.9{path}/erasure"))
        .expect(200)
        .json();
    assert_eq!(published["erasure"]["jws"], receipt["jws"]);

    let [header, claims, signature] = parts(receipt["jws"].as_str().unwrap());
    assert_eq!(Base64UrlUnpadded::decode_vec(signature).unwrap().len(), 64);
    let keys = anonymous("GET", KEYS).expect(200);
    assert_eq!(keys.header("Cache-Control"), Some("public, max-age=300"));
    let kid = keys.json()["keys"][0]["kid"].clone();
    // However many ask, an isolate asks the ledger once a minute.
    let again = anonymous("GET", KEYS).expect(200);
    assert_eq!(shared().log(again.request_id())["d1_trips"], 0);
    assert_eq!(
        decoded(header),
        json!({"alg": "ES256", "typ": "erasure-receipt+jwt", "kid": kid})
    );
    let claims = decoded(claims);
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    assert_eq!(names, ["iss", "sub", "iat", "jti", "erasure"]);
    assert_eq!(
        [&claims["iss"], &claims["sub"]],
        [&json!("customers"), &receipt["uuid"]]
    );
    assert_eq!(claims["erasure"]["removed_at"], receipt["removed_at"]);
    // The private half is not among the keys.
    for key in keys.records("keys") {
        assert!(key.get("d").is_none(), "{key}");
    }
}

/// Runs the command of `.dev.vars.example` that makes a key.
fn new_key() -> String {
    let secrets = include_str!("../../.dev.vars.example");
    let line = secrets
        .lines()
        .find_map(|line| line.strip_prefix("# openssl genpkey"));
    let command = format!("openssl genpkey{}", line.unwrap());
    let page = fs::read_to_string(Path::new(ROOT).join("DEPLOY.md")).unwrap();
    assert!(page.contains(&command), "DEPLOY.md does not have {command}");
    let output = run(Path::new(ROOT), "sh", &["-c", &command]);
    assert!(output.status.success(), "{output:#?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_new_key_signs_from_then_on_and_the_old_one_still_verifies() {
    if !is_there("openssl", &["version"]) {
        return;
    }
    let before = Server::with_demo();
    let partner = Partner::on(before, &json!({}));
    let [first, second] = ["1", "2"].map(|custnr| partner.create_customer("Customer", custnr));
    let erased = partner.delete(&format!("/customers/{first}")).expect(200);
    let old_keys = Request::new(before, "GET", KEYS).expect(200);
    let secrets = include_str!("../../.dev.vars.example").replace(&secret_key(), &new_key());
    let after = before.restarted_with(&Difference {
        config: &[],
        secrets: Some(&secrets),
    });
    let partner = Partner {
        server: after,
        ..partner
    };

    let again = partner.delete(&format!("/customers/{first}")).expect(200);
    assert_eq!(again.text, erased.text);
    let newer = partner.delete(&format!("/customers/{second}")).expect(200);
    let keys = Request::new(after, "GET", KEYS).expect(200);
    let all = keys.records("keys");
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all[1..], old_keys.records("keys"));
    for (answer, key) in [(&erased, &all[1]), (&newer, &all[0])] {
        let jws = answer.json()["erasure"]["jws"].as_str().unwrap().to_owned();
        assert_eq!(decoded(parts(&jws)[0])["kid"], key["kid"]);
        assert!(verify::verified(&jws, &keys.text).is_ok());
    }
}

#[test]
fn a_key_that_cannot_sign_is_named_in_the_log_of_health() {
    let secrets = include_str!("../../.dev.vars.example");
    let server = Server::different(&Difference {
        config: &[],
        secrets: Some(&secrets.replace(&secret_key(), "AAAA")),
    });
    let health = Request::new(server, "GET", "/health").expect(500);
    assert_eq!(health.errors(), ["internal_error"]);
    let error = "secret RECEIPT_KEY is no private key on P-256 in PKCS#8";
    assert_eq!(server.log(health.request_id())["error"], error);
}
