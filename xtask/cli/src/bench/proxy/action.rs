//! Which service was called, and what it was asked to do, in AWS's words.

use super::message::Message;

/// `cloudformation:DescribeStacks`.
pub(super) fn name(request: &Message) -> String {
    let service = service(request).unwrap_or_else(|| "unknown".to_owned());
    let action = json(request).or_else(|| query(request)).or_else(|| rpc(request)).unwrap_or_else(|| rest(&service, request));
    format!("{service}:{action}")
}

/// What the signature was made for: `Credential=KEY/20260101/us-east-1/cloudformation/aws4_request`.
fn service(request: &Message) -> Option<String> {
    let (_, target) = request.words();
    let scope = match request.header("authorization").and_then(|value| value.split_once("Credential=")) {
        Some((_, scope)) => scope.to_owned(),
        // A signed address holds the same, with its slashes written as `%2F`.
        None => target.split_once("X-Amz-Credential=")?.1.split('&').next()?.replace("%2F", "/"),
    };
    let parts: Vec<_> = scope.split([',', ' ', '&']).next()?.split('/').collect();
    // From behind: the access key may hold anything.
    parts.len().checked_sub(2).and_then(|index| parts.get(index)).map(|service| (*service).to_owned())
}

/// Services that speak JSON name the action in a header.
fn json(request: &Message) -> Option<String> {
    let target = request.header("x-amz-target")?;
    Some(target.rsplit('.').next().unwrap_or(target).to_owned())
}

/// Services that speak the query protocol name it in a form.
fn query(request: &Message) -> Option<String> {
    let form = request.header("content-type").is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    let body = if form { String::from_utf8_lossy(&request.body) } else { "".into() };
    let asked = parameters(request.words().1);
    body.split('&').chain(asked.split('&')).find_map(|pair| pair.strip_prefix("Action=")).map(ToOwned::to_owned)
}

/// Newer ones name it in the path.
fn rpc(request: &Message) -> Option<String> {
    let (path, _) = split(request.words().1);
    let (_, action) = path.strip_prefix("/service/")?.split_once("/operation/")?;
    Some(action.to_owned())
}

/// The rest is method and path; for S3 we know the names.
fn rest(service: &str, request: &Message) -> String {
    let (method, target) = request.words();
    let (path, _) = split(target);
    if service == "s3" {
        return s3(method, path, parameters(target), request.header("x-amz-copy-source").is_some());
    }
    let general: Vec<_> = path.split('/').enumerate().map(|(index, part)| if index < 3 { part } else { "*" }).collect();
    format!("{method} {}", general.join("/"))
}

fn s3(method: &str, path: &str, parameters: &str, copies: bool) -> String {
    let depth = path.split('/').filter(|part| !part.is_empty()).count();
    let names: Vec<_> = parameters.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
    let asked = |name: &str| names.contains(&name);
    // Which part of a bucket or of an object is meant: the one name in small letters that is no filter.
    let filters = ["prefix", "delimiter", "marker", "max-keys", "list-type", "x-id", "versionId", "partNumber", "uploadId", ""];
    let part = names.iter().find(|name| !filters.contains(name) && name.chars().all(|letter| letter.is_ascii_lowercase()));
    let name = match (method, depth, part) {
        ("POST", 2.., _) if asked("uploads") => "CreateMultipartUpload",
        ("PUT", 2.., _) if asked("uploadId") => "UploadPart",
        ("POST", 2.., _) if asked("uploadId") => "CompleteMultipartUpload",
        ("DELETE", 2.., _) if asked("uploadId") => "AbortMultipartUpload",
        ("POST", 1, _) if asked("delete") => "DeleteObjects",
        (_, _, Some(part)) => {
            let what = if depth < 2 { "bucket" } else { "object" };
            return format!("{method} {what}?{part}");
        }
        ("GET", 0, None) => "ListBuckets",
        ("GET", 1, None) if asked("list-type") => "ListObjectsV2",
        ("GET", 1, None) => "ListObjects",
        ("HEAD", 1, None) => "HeadBucket",
        ("PUT", 1, None) => "CreateBucket",
        ("DELETE", 1, None) => "DeleteBucket",
        ("GET", 2.., None) => "GetObject",
        ("HEAD", 2.., None) => "HeadObject",
        ("PUT", 2.., None) if copies => "CopyObject",
        ("PUT", 2.., None) => "PutObject",
        ("DELETE", 2.., None) => "DeleteObject",
        (method, _, None) => return format!("{method} {}", if depth < 2 { "bucket" } else { "object" }),
    };
    name.to_owned()
}

fn split(target: &str) -> (&str, &str) {
    target.split_once('?').unwrap_or((target, ""))
}

fn parameters(target: &str) -> &str {
    split(target).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(first: &str, service: &str, headers: &str, body: &str) -> String {
        let wire = format!(
            "{first} HTTP/1.1\r\nAuthorization: AWS4-HMAC-SHA256 Credential=100000000001/20260101/us-east-1/{service}/aws4_request, \
             SignedHeaders=host, Signature=a\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut wire = wire.as_bytes();
        let mut message = Message::request_head(&mut wire).unwrap().unwrap();
        message.read_body(&mut wire).unwrap();
        name(&message)
    }

    #[test]
    fn the_query_protocol_names_its_action_in_the_form() {
        let form = "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n";

        let name = named("POST /", "cloudformation", form, "Version=2010-05-15&Action=DescribeStacks&StackName=Action%3DNo");

        assert_eq!(name, "cloudformation:DescribeStacks");
        assert_eq!(named("GET /?Action=GetCallerIdentity&Version=1", "sts", "", ""), "sts:GetCallerIdentity");
    }

    #[test]
    fn json_services_name_it_in_a_header_and_newer_ones_in_the_path() {
        assert_eq!(named("POST /", "dynamodb", "X-Amz-Target: DynamoDB_20120810.ListTables\r\n", "{}"), "dynamodb:ListTables");
        let path = "POST /service/GraniteServiceVersion20100801/operation/DescribeAlarms";
        assert_eq!(named(path, "monitoring", "", ""), "monitoring:DescribeAlarms");
    }

    #[test]
    fn other_rest_services_keep_method_and_path_without_names() {
        assert_eq!(named("GET /2015-03-31/functions/mine/policy", "lambda", "", ""), "lambda:GET /2015-03-31/functions/*/*");
    }

    #[test]
    fn s3_calls_have_the_names_that_people_know() {
        let s3 = |first| named(first, "s3", "", "");

        assert_eq!(s3("HEAD /bucket/code/a.zip"), "s3:HeadObject");
        assert_eq!(s3("PUT /bucket/code/a.zip?x-id=PutObject"), "s3:PutObject");
        assert_eq!(s3("GET /bucket?list-type=2&prefix=release%2F"), "s3:ListObjectsV2");
        assert_eq!(s3("GET /bucket?location"), "s3:GET bucket?location", "it would look like reading the whole bucket");
        assert_eq!(s3("GET /"), "s3:ListBuckets");
        assert_eq!(s3("POST /bucket/a.zip?uploads"), "s3:CreateMultipartUpload");
        assert_eq!(s3("PUT /bucket/a.zip?partNumber=2&uploadId=x"), "s3:UploadPart");
        assert_eq!(s3("POST /bucket/a.zip?uploadId=x"), "s3:CompleteMultipartUpload");
        assert_eq!(named("PUT /b/k", "s3", "x-amz-copy-source: /a/k\r\n", ""), "s3:CopyObject");
    }

    #[test]
    fn an_address_that_was_signed_says_its_service_as_well() {
        let wire = "GET /b/k?X-Amz-Credential=AKIA%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=a HTTP/1.1\r\n\r\n";

        let message = Message::request_head(&mut wire.as_bytes()).unwrap().unwrap();

        assert_eq!(name(&message), "s3:GetObject");
        let unsigned = Message::request_head(&mut &b"GET /x HTTP/1.1\r\n\r\n"[..]).unwrap().unwrap();
        assert_eq!(name(&unsigned), "unknown:GET /x", "a call that nobody signed would not be counted");
    }
}
