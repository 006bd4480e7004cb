//! The facts of a service as a table that check and diff look into.

use std::fmt::Write as _;

use crate::model::{Property, Replaces, Service};

pub(super) fn write(out: &mut String, service: &Service) {
    let _ = writeln!(out, "pub(crate) static FACTS: &[crate::facts::Facts] = &[");
    for resource in &service.resources {
        let names = |keep: &dyn Fn(&Property) -> bool| {
            resource.properties.iter().filter(|one| keep(one)).map(|one| one.name.as_str()).collect::<Vec<_>>()
        };
        let with = |names: Vec<&str>, paths: &[String]| {
            let mut all: Vec<String> = names.into_iter().map(ToOwned::to_owned).chain(paths.iter().cloned()).collect();
            all.sort();
            all
        };
        let _ = writeln!(out, "crate::facts::Facts {{");
        let _ = writeln!(out, "name: {:?},", resource.name);
        let _ = writeln!(out, "stateful: {},", resource.stateful);
        let _ = writeln!(out, "tags: {:?},", resource.tags);
        let _ = writeln!(out, "reference: {:?},", resource.reference);
        let _ = writeln!(out, "identifier: &{:?},", resource.identifier);
        let _ = writeln!(out, "attributes: &{:?},", resource.attributes.iter().map(|one| &one.name).collect::<Vec<_>>());
        let _ = writeln!(out, "properties: &{:?},", names(&|_| true));
        let _ = writeln!(out, "required: &{:?},", names(&|one| one.required));
        let replaces = with(names(&|one| one.replaces == Replaces::Yes), &resource.replacing_paths);
        let may_replace = with(names(&|one| one.replaces == Replaces::Maybe), &resource.maybe_replacing_paths);
        let write_only = with(names(&|one| one.write_only), &resource.write_only_paths);
        let _ = writeln!(out, "replaces: &{replaces:?},");
        let _ = writeln!(out, "may_replace: &{may_replace:?},");
        let _ = writeln!(out, "write_only: &{write_only:?},");
        let _ = writeln!(out, "}},");
    }
    let _ = writeln!(out, "];");
}
