//! Everything else.

use super::*;

impl Services for ScriptedCloud {
    async fn log_lines(&self, _group: &str, _from: i64, _filter: Option<&str>) -> Result<Vec<LogLine>, CloudError> {
        self.call("logs", "FilterLogEvents")?;
        Ok(self.log.borrow().clone())
    }

    async fn read(&self, ask: &Ask) -> Result<serde_json::Value, CloudError> {
        let (service, operation) = (ask.action.service().name, ask.action.operation());
        self.call(service, operation)?;
        self.asked.borrow_mut().push(ask.key());
        if let Some(answer) = self.jobs.borrow().read(operation, &ask.parameters) {
            return Ok(answer);
        }
        let answers = self.answers.borrow();
        let fits = |(known, wanted, _): &&(String, Vec<String>, serde_json::Value)| {
            let parameters = serde_json::Value::Object(ask.parameters.clone()).to_string();
            known == operation && wanted.iter().all(|word| parameters.contains(word.as_str()))
        };
        match answers.iter().rev().find(fits) {
            Some((_, _, answer)) => Ok(answer.clone()),
            None => Err(CloudError {
                service,
                operation,
                code: Some("ResourceNotFoundException".to_owned()),
                message: "it does not exist".to_owned(),
                kind: ErrorKind::NotFound,
            }),
        }
    }

    async fn act(&self, deed: &Deed) -> Result<serde_json::Value, CloudError> {
        let (service, operation) = (deed.ask().action.service().name, deed.ask().action.operation());
        self.call(service, operation)?;
        let answer = self.jobs.borrow_mut().act(operation, &deed.ask().parameters);
        let answer = answer.map_err(|code| CloudError {
            service,
            operation,
            code: Some(code.to_owned()),
            message: "refused".to_owned(),
            kind: ErrorKind::Other,
        })?;
        self.answer(operation)?;
        Ok(answer)
    }

    async fn send_message(&self, url: &str, body: &str, group: Option<&str>, _deduplication: Option<&str>) -> Result<String, CloudError> {
        self.call("sqs", "SendMessage")?;
        self.wrote(format!("send {body} to {url} for {}", group.unwrap_or("nobody")));
        Ok("message-1".to_owned())
    }

    async fn push_image(&self, repository: &str, _layout: &Path, digest: &str) -> Result<Pushed, CloudError> {
        self.call("ecr", "PutImage")?;
        let push = format!("push {digest} to {repository}");
        let there = self.writes.borrow().contains(&push);
        if !there {
            self.wrote(push);
        }
        Ok(Pushed { bytes: if there { 0 } else { 12 } })
    }
}

impl ScriptedCloud {
    /// What a service answers to an operation whose parameters hold all of these words. The newest that fits is taken.
    pub(crate) fn will_answer(&self, operation: &str, words: &[&str], answer: serde_json::Value) {
        let words = words.iter().map(ToString::to_string).collect();
        self.answers.borrow_mut().push((operation.to_owned(), words, answer));
    }

    /// How often an operation was asked.
    pub(crate) fn asked(&self, operation: &str) -> usize {
        self.asked.borrow().iter().filter(|key| key.contains(&format!(":{operation} "))).count()
    }
}
