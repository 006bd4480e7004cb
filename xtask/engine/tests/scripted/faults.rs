//! Everything between the engine and CloudFormation that can go wrong.

use super::*;

/// How a stack's events show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Disorder {
    /// Two at every look, in order, each at its own time.
    #[default]
    None,
    /// As ever, but the newest ones in reverse.
    Reversed,
    /// Each twice.
    Twice,
    /// All at the same time.
    SameTime,
}

/// Which calls fail, and how.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Operation → the errors that it answers with, one after the other; nothing happens then.
    before: BTreeMap<String, VecDeque<CloudError>>,
    /// Operations that happen, and whose answer is lost.
    lost: VecDeque<String>,
    /// For so many calls, nothing gets through.
    gone_for: u64,
    /// Calls so far.
    calls: u64,
    /// From this call on, nothing is accepted, for this reason.
    refused_from: Option<(u64, ErrorKind)>,
    /// Operations before which somebody else changes the stack.
    pub(super) meddled: VecDeque<String>,
    pub(super) disorder: Disorder,
}

impl Faults {
    pub(super) fn before(&mut self, operation: &'static str) -> Result<(), CloudError> {
        self.calls += 1;
        if let Some((from, kind)) = self.refused_from
            && from <= self.calls
        {
            return Err(error(operation, kind, "ExpiredToken: The security token included in the request is expired"));
        }
        if 0 < self.gone_for {
            self.gone_for -= 1;
            return Err(error(operation, ErrorKind::Unreachable, "dispatch failure: io error"));
        }
        self.told(operation).map_or(Ok(()), Err)
    }

    /// The error that an operation answers with next, if a test wants one.
    pub(super) fn told(&mut self, operation: &str) -> Option<CloudError> {
        self.before.get_mut(operation).and_then(VecDeque::pop_front)
    }

    pub(super) fn after(&mut self, operation: &'static str) -> Result<(), CloudError> {
        match self.lost.iter().position(|lost| lost == operation) {
            Some(at) => {
                self.lost.remove(at);
                Err(error(operation, ErrorKind::Unreachable, "connection reset by peer"))
            }
            None => Ok(()),
        }
    }
}

pub(crate) fn error(operation: &'static str, kind: ErrorKind, message: &str) -> CloudError {
    CloudError { service: "cloudformation", operation, code: None, message: message.to_owned(), kind }
}

impl ScriptedCloud {
    pub(crate) fn fail(&self, operation: &'static str, kind: ErrorKind, message: &str) {
        self.fail_times(1, operation, kind, message);
    }

    pub(crate) fn fail_times(&self, times: usize, operation: &'static str, kind: ErrorKind, message: &str) {
        let errors = std::iter::repeat_n(error(operation, kind, message), times);
        self.faults.borrow_mut().before.entry(operation.to_owned()).or_default().extend(errors);
    }

    /// The next call of this operation takes effect, and its answer is lost.
    pub(crate) fn lose_answer_of(&self, operation: &str) {
        self.faults.borrow_mut().lost.push_back(operation.to_owned());
    }

    /// For so many calls from now on, the network is gone.
    pub(crate) fn lose_network_for(&self, calls: u64) {
        self.faults.borrow_mut().gone_for = calls;
    }

    /// After so many more calls, nothing is accepted any more: the token is expired, or the engine is dead.
    pub(crate) fn refuse_after(&self, calls: u64, kind: ErrorKind) {
        let mut faults = self.faults.borrow_mut();
        faults.refused_from = Some((faults.calls + calls + 1, kind));
    }

    /// Just before the next call of this operation, somebody else updates the stack.
    pub(crate) fn meddle_before(&self, operation: &str) {
        self.faults.borrow_mut().meddled.push_back(operation.to_owned());
    }

    pub(crate) fn show_events(&self, disorder: Disorder) {
        self.faults.borrow_mut().disorder = disorder;
    }

    /// Everything works again. What is broken in the resources stays so.
    pub(crate) fn calm(&self) {
        *self.faults.borrow_mut() = Faults::default();
    }
}
