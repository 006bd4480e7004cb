//! Quotas: what the account allows against what the templates need.

use protocol::{Check, CheckState};
use serde_json::{Value, json};

use super::needs::Needs;
use super::{Seen, check, figure};
use crate::cloud::{Action, Ask, Protocol, Service};
use crate::verify::{at, items, list};

static QUOTAS: Service = Service::new("servicequotas", Protocol::Json { version: "1.1", target: "ServiceQuotasV20190624" });
static S3: Service = Service::new("s3", Protocol::RestXml);

const QUOTA: Action = QUOTAS.action("GetServiceQuota", "/");
const BUCKETS: Action = S3.action("ListBuckets", "/");

/// What Lambda leaves to all functions without a reservation, always.
const UNRESERVED: f64 = 100.0;

/// A quota is nearly used up from this share on.
const NEARLY: f64 = 0.9;

fn quota(service: &str, code: &str) -> Ask {
    QUOTA.ask(json!({ "ServiceCode": service, "QuotaCode": code }))
}

// The codes are those of the Service Quotas console.
fn concurrency() -> Ask {
    quota("lambda", "L-B99A9384")
}

fn graphics() -> Ask {
    quota("ec2", "L-DB2E81BA")
}

fn stacks() -> Ask {
    quota("cloudformation", "L-0485CB21")
}

fn buckets() -> Ask {
    quota("s3", "L-DC2B2D3D")
}

pub(super) fn asks(needs: &Needs) -> Vec<Ask> {
    let mut asks = vec![stacks()];
    if 0.0 < needs.reserved || !needs.unclear.is_empty() {
        asks.push(concurrency());
    }
    if 0.0 < needs.gpu_vcpus {
        asks.push(graphics());
    }
    if 0 < needs.new_buckets {
        asks.extend([buckets(), BUCKETS.ask(json!({}))]);
    }
    asks
}

pub(super) fn checks(seen: &Seen<'_>) -> Vec<Check> {
    let needs = seen.needs;
    let count = |number: usize| u32::try_from(number).map_or(f64::MAX, f64::from);
    let mut all = vec![allowed(seen, "stacks of the account", &stacks(), count(seen.states.len()), count(needs.new_stacks))];
    if 0.0 < needs.reserved || !needs.unclear.is_empty() {
        let mut one = allowed(seen, "lambda concurrency", &concurrency(), UNRESERVED, needs.reserved);
        if !needs.unclear.is_empty() {
            one.found = format!("{}; what {} reserve is not known before the deploy", one.found, needs.unclear.join(", "));
        }
        all.push(one);
    }
    if 0.0 < needs.gpu_vcpus {
        let types: Vec<_> = needs.gpu_types.iter().map(String::as_str).collect();
        let one = allowed(seen, "GPU vCPUs", &graphics(), 0.0, needs.gpu_vcpus);
        all.push(Check { found: format!("{} ({})", one.found, types.join(", ")), ..one });
    }
    if 0 < needs.new_buckets {
        all.push(match seen.answer("buckets", &BUCKETS.ask(json!({}))) {
            Ok(answer) => {
                allowed(seen, "buckets", &buckets(), count(items(&list(at(answer, "Buckets.Bucket"))).len()), count(needs.new_buckets))
            }
            Err(check) => check,
        });
    }
    all
}

/// Whether what is used and what is needed stay within a quota.
fn allowed(seen: &Seen<'_>, name: &str, ask: &Ask, used: f64, needed: f64) -> Check {
    let answer: &Value = match seen.answer(name, ask) {
        Ok(answer) => answer,
        Err(check) => return check,
    };
    let Some(limit) = figure(&at(answer, "Quota.Value")) else {
        return check(name, CheckState::CannotTell, "the answer holds no figure", None);
    };
    let found = format!("{needed} needed beside {used}, {limit} allowed");
    let hint = Some("ask for more in the Service Quotas console: it takes minutes to days");
    if limit < used + needed {
        check(name, CheckState::Error, found, hint)
    } else if limit * NEARLY < used + needed {
        check(name, CheckState::Warning, found, hint)
    } else {
        check(name, CheckState::Ok, found, None)
    }
}
