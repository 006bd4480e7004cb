//! The same with S3 as the local cloud has it: parts, aborts, and forms whose policy is held against what comes.
#![cfg(test)]

mod common;

use std::time::{Duration, SystemTime};

use aws_sdk_s3::{Client, primitives::ByteStream};
use caller::clock::SystemClock;
use common::{
    Lines, MOST, USER, bearer, config,
    http::{Open, PATIENT, call, locally, start},
    jpeg,
    tokens::Issuer,
};
use contract::upload::{Form, UploadConfig};
use testcloud::{Cloud, Tenant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use upload::{
    Uploads,
    store::{S3, Store},
};

/// Two buckets in an account of their own, and the service before them.
struct House {
    client: Client,
    config: UploadConfig,
    aws: aws_config::SdkConfig,
}

impl House {
    async fn new() -> Self {
        let tenant: Tenant = Cloud::shared().unwrap().tenant();
        let aws = tenant.config().await;
        let client = Client::new(&aws);
        let rates = aws_sdk_dynamodb::Client::new(&aws);
        // Names of buckets are given once, whoever asks.
        let (_, account) = tenant.variables().into_iter().find(|(name, _)| *name == "AWS_ACCESS_KEY_ID").unwrap();
        let mut config = config("stream");
        config.source_bucket = format!("photos-in-{account}");
        config.destination_bucket = format!("photos-out-{account}");
        for bucket in [&config.source_bucket, &config.destination_bucket] {
            client.create_bucket().bucket(bucket).send().await.unwrap();
        }
        rate_table(&rates, &config.rate_table).await;
        Self { client, config, aws }
    }

    fn service(&self) -> Uploads<S3, Issuer, SystemClock> {
        let log = Lines::default().log("upload-under-test");
        Uploads::new(self.config.clone(), S3::new(&self.aws, &self.config), Issuer::default(), SystemClock, log)
    }

    async fn keys(&self) -> Vec<String> {
        let listed = self.client.list_objects_v2().bucket(&self.config.source_bucket).send().await.unwrap();
        listed.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
    }

    async fn unfinished(&self) -> usize {
        let listed = self.client.list_multipart_uploads().bucket(&self.config.source_bucket).send().await.unwrap();
        listed.uploads().len()
    }

    async fn form(&self, key: &str, bytes: usize) -> Form {
        S3::new(&self.aws, &self.config).form(key, "image/jpeg", bytes as u64, SystemTime::now()).await.unwrap()
    }
}

async fn rate_table(client: &aws_sdk_dynamodb::Client, name: &str) {
    use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
    let key = contract::front_door::rate::USER;
    let attribute = AttributeDefinition::builder().attribute_name(key).attribute_type(ScalarAttributeType::S).build().unwrap();
    let schema = KeySchemaElement::builder().attribute_name(key).key_type(KeyType::Hash).build().unwrap();
    let table = client.create_table().table_name(name).attribute_definitions(attribute).key_schema(schema);
    table.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
}

/// Sends a form as a browser does: status and answer.
async fn post(form: &Form, changed: &[(&str, &str)], picture: &[u8]) -> (u16, String) {
    let address = form.url.strip_prefix("http://").unwrap();
    let (host, path) = address.split_once('/').unwrap();
    let mut body = Vec::new();
    for (name, value) in &form.fields {
        let value = changed.iter().find(|(other, _)| other == name).map_or(value.as_str(), |(_, value)| value);
        body.extend_from_slice(format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes());
    }
    body.extend_from_slice(b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"p\"\r\n\r\n");
    body.extend_from_slice(picture);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: multipart/form-data; boundary=edge\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body).await.unwrap();
    let mut text = Vec::new();
    stream.read_to_end(&mut text).await.unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    (text.split(' ').nth(1).unwrap().parse().unwrap(), text)
}

#[tokio::test]
async fn a_hundred_megabytes_go_to_s3_in_parts_and_are_one_picture_there() {
    locally(async {
        let house = House::new().await;
        let server = start(house.service(), PATIENT).await;
        let (token, length, picture) = (format!("authorization: {}", bearer(USER)), format!("content-length: {MOST}"), jpeg(MOST));

        let told = call(server.address, &["POST /images HTTP/1.1", "host: a", &token, &length], picture.clone()).await;

        assert_eq!(told.status, 201, "{}", told.text);
        let found = house.client.get_object().bucket(&house.config.source_bucket).key(told.body["key"].as_str().unwrap());
        let found = found.send().await.unwrap();
        assert_eq!(found.content_type(), Some("image/jpeg"));
        assert!(found.body.collect().await.unwrap().to_vec() == picture, "another picture arrived than was sent");
        assert_eq!(house.unfinished().await, 0);
    })
    .await;
}

#[tokio::test]
async fn one_byte_more_leaves_neither_a_picture_nor_parts() {
    locally(async {
        let mut house = House::new().await;
        // The limit is what differs: what the service does beyond it is the same for 10 MB as for 100.
        house.config.max_bytes = 10_000_000;
        let server = start(house.service(), PATIENT).await;
        let token = format!("authorization: {}", bearer(USER));
        let mut request = Open::new(server.address, &["POST /images HTTP/1.1", "host: a", &token, "transfer-encoding: chunked"]).await;
        for piece in jpeg(10_000_000).chunks(1_000_000) {
            request.chunk(piece).await.unwrap();
        }
        request.chunk(b"!").await.unwrap();

        let told = request.told().await;

        assert_eq!(told.error(), (400, "too_many_bytes"), "{}", told.text);
        assert_eq!((house.keys().await, house.unfinished().await), (Vec::new(), 0));
    })
    .await;
}

#[tokio::test]
async fn a_form_takes_exactly_what_was_declared() {
    let house = House::new().await;
    let (key, bytes) = ("in/a/one", 50_000);

    let form = house.form(key, bytes).await;
    let one_more = post(&form, &[], &jpeg(bytes + 1)).await;
    let one_less = post(&form, &[], &jpeg(bytes - 1)).await;
    let elsewhere = post(&form, &[("key", "in/b/two")], &jpeg(bytes)).await;
    let another_type = post(&form, &[("Content-Type", "text/html")], &jpeg(bytes)).await;
    let nothing_came = house.keys().await;
    let right = post(&form, &[], &jpeg(bytes)).await;

    assert!(one_more.0 == 400 && one_more.1.contains("EntityTooLarge"), "{one_more:?}");
    assert!(one_less.0 == 400 && one_less.1.contains("EntityTooSmall"), "{one_less:?}");
    assert_eq!((elsewhere.0, another_type.0), (403, 403), "{elsewhere:?} {another_type:?}");
    assert!(nothing_came.is_empty(), "{nothing_came:?}");
    assert_eq!(right.0, 201, "{right:?}");
    assert_eq!(house.keys().await, [key]);
}

#[tokio::test]
async fn a_hundred_megabytes_fit_into_a_form_and_one_byte_more_does_not() {
    let house = House::new().await;
    let form = house.form("in/a/large", MOST).await;

    let more = post(&form, &[], &jpeg(MOST + 1)).await;
    let most = post(&form, &[], &jpeg(MOST)).await;

    assert!(more.0 == 400 && more.1.contains("EntityTooLarge"), "{more:?}");
    assert_eq!(most.0, 201, "{most:?}");
}

#[tokio::test]
async fn a_form_ends() {
    let house = House::new().await;
    let before = SystemTime::now() - Duration::from_secs(901);

    let form = S3::new(&house.aws, &house.config).form("in/a/late", "image/jpeg", 10, before).await.unwrap();
    let late = post(&form, &[], &jpeg(10)).await;

    assert!(late.0 == 403 && late.1.contains("expired"), "a form that somebody found would be good for ever: {late:?}");
}

#[tokio::test]
async fn what_lies_in_the_buckets_tells_where_a_picture_stands() {
    let house = House::new().await;
    let store = S3::new(&house.aws, &house.config);
    let put = async |bucket: &str, key: &str, body: &'static [u8]| {
        house.client.put_object().bucket(bucket).key(key).body(ByteStream::from_static(body)).send().await.unwrap();
    };

    assert_eq!((store.arrived("in/a").await.unwrap(), store.has_proxy("in/a/1024.jpg").await.unwrap()), (false, false));
    assert_eq!(store.reason("rejected/in/a.reason.json").await.unwrap(), None);
    put(&house.config.source_bucket, "in/a", b"a").await;
    put(&house.config.source_bucket, "rejected/in/a.reason.json", b"why").await;
    put(&house.config.destination_bucket, "in/a/1024.jpg", b"a proxy").await;

    assert_eq!((store.arrived("in/a").await.unwrap(), store.has_proxy("in/a/1024.jpg").await.unwrap()), (true, true));
    assert_eq!(store.reason("rejected/in/a.reason.json").await.unwrap().as_deref(), Some(b"why".as_slice()));
    let link = store.link("in/a/1024.jpg").await.unwrap();
    // Whether it opens is the smoke test's: here nobody has the secret that a stand-in would hold the signature against.
    assert!(link.contains(&format!("{}/in/a/1024.jpg?", house.config.destination_bucket)) && link.contains("X-Amz-Signature="), "{link}");
    assert!(link.contains("X-Amz-Expires=900"), "a link would be good for longer than it should: {link}");
}
