//! A stack in the making: a template of one environment, and how it is wired to the others.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use cfn_kit::context::{Context, Outline};
use cfn_kit::prelude::*;
use cfn_kit::{Document, HasLogicalId, ParameterType};
use indexmap::IndexMap;

use crate::environment::{Architecture, Environment};
use crate::platform::{ARTIFACTS, ENVIRONMENT_TAG};

/// The parameter and output that hold the digest of what was deployed.
///
/// With it, the next deploy tells by one call that there is nothing to do. A stack tag could hold it as well, but
/// CloudFormation copies stack tags onto every resource, so that every deploy would change them all.
const DIGEST: &str = "DeployDigest";

/// A stack of one environment, while resources are added to it.
///
/// `G` is what it gives to others, and at the same time the brand of its template: a handle of this stack is of no use in another.
#[derive(Debug)]
pub struct Stack<'e, G> {
    environment: &'e Environment,
    name: &'static str,
    template: Template<G>,
    parameters: IndexMap<String, Wire>,
    shipped: Vec<Shipped>,
}

/// A finished stack with what it gives to others.
#[derive(Debug)]
pub struct Built<G> {
    /// The template and its wires.
    pub finished: Finished,
    /// Typed outputs, for the stacks that need them.
    pub gives: G,
}

/// A value that a stack gives to others, typed by what it is.
pub struct Export<T> {
    stack: &'static str,
    output: &'static str,
    kind: PhantomData<fn() -> T>,
}

impl<T> Export<T> {
    /// The short name of the stack that gives it.
    #[must_use]
    pub fn stack(&self) -> &'static str {
        self.stack
    }

    /// The logical ID of the output.
    #[must_use]
    pub fn output(&self) -> &'static str {
        self.output
    }
}

// By hand: a derive would ask the kind for the same, and a kind is only a name.
impl<T> Clone for Export<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Export<T> {}

impl<T> std::fmt::Debug for Export<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Export({}.{})", self.stack, self.output)
    }
}

/// Where the value of a template's parameter comes from when it is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wire {
    /// Another stack's output.
    Output {
        /// The stack's short name.
        stack: &'static str,
        /// The output's logical ID.
        output: &'static str,
    },
    /// The object key of a binary of `runtime/`, packed.
    Artifact {
        /// The binary's name.
        binary: &'static str,
    },
    /// The digest of the template and of all other parameters.
    Digest,
}

/// A binary of `runtime/` that a stack runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// The name of the binary and of its package.
    pub binary: &'static str,
    /// The processor that it must be built for.
    pub architecture: Architecture,
    /// What starts it.
    pub kind: Kind,
}

/// What starts a binary, and by what name in its zip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Lambda, which looks for `bootstrap`.
    Function,
    /// A machine that unpacks it under its own name.
    Program,
}

impl<'e, G> Stack<'e, G> {
    /// An empty stack. The name is short, as in `cloudwright-staging-<name>`; the description says what the stack is for.
    pub fn new(environment: &'e Environment, name: &'static str, description: &str) -> Self {
        let mut template = Template::new(description);
        let digest = Parameter::<String>::new().default_value("none").description("Digest of what was deployed, set by the deploy");
        let digest = template.parameter(DIGEST, digest);
        template.output(DIGEST, Output::new(digest).description("Digest of what was deployed"));
        let parameters = IndexMap::from([(DIGEST.to_owned(), Wire::Digest)]);
        Self { environment, name, template, parameters, shipped: Vec::new() }
    }

    /// The environment that this stack is for.
    pub fn environment(&self) -> &'e Environment {
        self.environment
    }

    /// Add a resource or a construct under a logical ID: a PascalCase noun without the environment's name.
    #[track_caller]
    pub fn add<C: Construct<G>>(&mut self, id: &str, construct: C) -> C::Handle {
        self.template.add(id, construct)
    }

    /// Say why a resource is as it is and what of it may change; `diff` refuses to change what must never change.
    pub fn explain(&mut self, resource: &impl HasLogicalId<G>, context: Context) {
        self.template.explain(resource, context);
    }

    /// Say what the whole stack is about.
    pub fn outline(&mut self, outline: Outline) {
        self.template.outline(outline);
    }

    /// Switch a rule off for one resource, with the reason why it may be broken there.
    pub fn allow(&mut self, resource: &impl HasLogicalId<G>, rule: &str, reason: &str) {
        self.template.allow(resource, rule, reason);
    }

    /// Give a value to people, scripts and other stacks.
    #[track_caller]
    pub fn output<T: ParameterType>(&mut self, id: &'static str, value: Value<T, G>, description: &str) -> Export<T> {
        self.template.output(id, Output::from(value).description(description));
        Export { stack: self.name, output: id, kind: PhantomData }
    }

    /// Take what another stack gives, once. It arrives as a parameter, filled in by the deploy.
    ///
    /// There is no `Fn::ImportValue` here: CloudFormation lets nobody change or remove an export that is in use.
    #[track_caller]
    pub fn import<T: ParameterType>(&mut self, export: &Export<T>) -> Value<T, G> {
        let id = format!("{}{}", pascal(export.stack), export.output);
        let description = format!("Output {} of stack {}", export.output, export.stack);
        self.parameters.insert(id.clone(), Wire::Output { stack: export.stack, output: export.output });
        self.template.parameter(&id, Parameter::<T>::new().description(&description))
    }

    /// Ship a binary of `runtime/` with this stack; the object key of its zip in the artifact bucket.
    #[track_caller]
    pub fn ship(&mut self, binary: &'static str, architecture: Architecture) -> Value<String, G> {
        self.ship_as(binary, architecture, Kind::Function)
    }

    /// The same for a program that a machine starts, and no function.
    #[track_caller]
    pub fn ship_program(&mut self, binary: &'static str, architecture: Architecture) -> Value<String, G> {
        self.ship_as(binary, architecture, Kind::Program)
    }

    #[track_caller]
    fn ship_as(&mut self, binary: &'static str, architecture: Architecture, kind: Kind) -> Value<String, G> {
        let id = format!("{}CodeKey", pascal(binary));
        self.shipped.push(Shipped { binary, architecture, kind });
        self.parameters.insert(id.clone(), Wire::Artifact { binary });
        let description = format!("Key of the zip of {binary} in the artifact bucket, made from its SHA-256");
        self.template.parameter(&id, Parameter::<String>::new().description(&description))
    }

    /// The finished stack, with what it gives.
    #[must_use]
    pub fn finish(self, gives: G) -> Built<G> {
        let finished = Finished {
            stack: self.name,
            name: format!("cloudwright-{}-{}", self.environment.name, self.name),
            template: self.template.seal(),
            parameters: self.parameters,
            shipped: self.shipped,
            tags: BTreeMap::from([(ENVIRONMENT_TAG.to_owned(), self.environment.name.clone())]),
            termination_protection: self.environment.protection.termination,
        };
        Built { finished, gives }
    }
}

/// A stack, whole: its template, and what the deploy has to know about it.
#[derive(Debug)]
pub struct Finished {
    /// The short name: `jobs`.
    pub stack: &'static str,
    /// The name in CloudFormation: `cloudwright-staging-jobs`.
    pub name: String,
    /// The template.
    pub template: Template<()>,
    /// Where each parameter's value comes from.
    pub parameters: IndexMap<String, Wire>,
    /// The binaries that it runs.
    pub shipped: Vec<Shipped>,
    /// Tags of the stack, which CloudFormation copies onto its resources.
    pub tags: BTreeMap<String, String>,
    /// Whether CloudFormation shall refuse to delete it.
    pub termination_protection: bool,
}

impl Finished {
    /// The short names of the stacks that must be there before this one.
    #[must_use]
    pub fn needs(&self) -> Vec<&'static str> {
        let mut needs: Vec<&'static str> = Vec::new();
        for wire in self.parameters.values() {
            let needed = match wire {
                Wire::Output { stack, .. } => stack,
                Wire::Artifact { .. } => ARTIFACTS,
                Wire::Digest => continue,
            };
            if !needs.contains(&needed) {
                needs.push(needed);
            }
        }
        needs
    }

    /// The capabilities that CloudFormation wants acknowledged for this template.
    #[must_use]
    pub fn capabilities(&self) -> Vec<&'static str> {
        let json = self.template.to_json();
        let mut resources = json["Resources"].as_object().into_iter().flat_map(|resources| resources.values());
        let has_iam = resources.any(|resource| resource["Type"].as_str().is_some_and(|kind| kind.starts_with("AWS::IAM::")));
        if has_iam { vec!["CAPABILITY_IAM"] } else { Vec::new() }
    }

    /// The template with the lines of Rust that made it, for `check`.
    #[must_use]
    pub fn document(&self) -> Document {
        self.template.document()
    }

    /// The template as JSON text, two spaces deep.
    #[must_use]
    pub fn json(&self) -> String {
        cfn_kit::to_json(&self.template.to_json())
    }

    /// The template as YAML text.
    #[must_use]
    pub fn yaml(&self) -> String {
        cfn_kit::to_yaml(&self.template.to_json())
    }
}

/// `dead-letters` as `DeadLetters`.
#[must_use]
pub fn pascal(words: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    words.split('-').map(capital).collect()
}
