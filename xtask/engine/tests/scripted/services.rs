//! Everything else.

use super::*;

impl Services for ScriptedCloud {
    async fn log_lines(&self, _group: &str, _from: i64, _filter: Option<&str>) -> Result<Vec<LogLine>, CloudError> {
        self.call("logs", "FilterLogEvents")?;
        Ok(self.log.borrow().clone())
    }
}
