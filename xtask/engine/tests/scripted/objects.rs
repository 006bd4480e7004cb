//! S3.

use super::*;

impl Objects for ScriptedCloud {
    async fn has_object(&self, bucket: &str, key: &str) -> Result<bool, CloudError> {
        self.call("s3", "HeadObject")?;
        Ok(self.objects.borrow().contains(&format!("{bucket}/{key}")))
    }

    async fn put_file(&self, bucket: &str, key: &str, _path: &Path, _sha256: &str) -> Result<(), CloudError> {
        self.call("s3", "PutObject")?;
        self.wrote(format!("put {key}"));
        if self.interrupt_at_upload.get() {
            self.wish(Wish::Stop);
        }
        self.objects.borrow_mut().push(format!("{bucket}/{key}"));
        Ok(())
    }

    async fn put_text(&self, bucket: &str, key: &str, _text: &str) -> Result<(), CloudError> {
        self.put_file(bucket, key, Path::new(""), "").await
    }

    fn object_url(&self, bucket: &str, key: &str) -> String {
        format!("https://s3.example/{bucket}/{key}")
    }

    async fn empty_bucket(&self, bucket: &str) -> Result<u64, CloudError> {
        self.call("s3", "DeleteObjects")?;
        self.wrote(format!("empty {bucket}"));
        Ok(3)
    }
}
