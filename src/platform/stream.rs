//! A body that is written while it is sent.

use std::fmt;
use std::pin::Pin;

use js_sys::futures::JsFuture;
use js_sys::{JsString, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::ReadableStream;
use worker::Context;

/// A body, and the work that writes it. The work begins when the body is sent.
pub struct Stream {
    readable: ReadableStream,
    work: Pin<Box<dyn Future<Output = ()>>>,
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Stream")
    }
}

impl Stream {
    /// Makes a body that `write` writes.
    pub fn new<W: Future<Output = ()> + 'static>(write: impl FnOnce(Sink) -> W) -> Self {
        let pipe = IdentityTransformStream::new();
        let sink = Sink {
            writer: pipe.writable().get_writer(),
            encoder: TextEncoder::new(),
        };
        Self {
            readable: pipe.readable(),
            work: Box::pin(write(sink)),
        }
    }

    /// Begins the work, and returns the body.
    pub fn start(self, context: &Context) -> ReadableStream {
        context.wait_until(self.work);
        self.readable
    }
}

/// The end of a body that is written to.
#[derive(Debug)]
pub struct Sink {
    writer: Writer,
    encoder: TextEncoder,
}

impl Sink {
    /// Writes a text as UTF-8. It returns when the text has left for the caller, so no more than one text of a body is in
    /// memory.
    ///
    /// # Errors
    /// The caller has gone.
    pub async fn write(&self, text: &JsString) -> Result<(), JsValue> {
        let bytes = self.encoder.encode(text);
        JsFuture::from(self.writer.write(&bytes)).await?;
        Ok(())
    }

    /// Ends the body.
    ///
    /// # Errors
    /// The caller has gone.
    pub async fn close(self) -> Result<(), JsValue> {
        JsFuture::from(self.writer.close()).await?;
        Ok(())
    }

    /// Breaks the body off: the caller sees that it is not at its end.
    pub async fn abort(self) {
        // The caller may have gone, and then there is nothing to break off.
        let _ = JsFuture::from(self.writer.abort(&"broken off".into())).await;
    }
}

#[wasm_bindgen]
extern "C" {
    /// The platform's own pipe for bytes. What is written to it waits until it is read.
    type IdentityTransformStream;

    #[wasm_bindgen(constructor)]
    fn new() -> IdentityTransformStream;

    #[wasm_bindgen(method, getter)]
    fn readable(this: &IdentityTransformStream) -> ReadableStream;

    #[wasm_bindgen(method, getter)]
    fn writable(this: &IdentityTransformStream) -> Writable;

    type Writable;

    #[wasm_bindgen(method, js_name = getWriter)]
    fn get_writer(this: &Writable) -> Writer;

    #[derive(Debug)]
    type Writer;

    #[wasm_bindgen(method)]
    fn write(this: &Writer, chunk: &Uint8Array) -> Promise;

    #[wasm_bindgen(method)]
    fn close(this: &Writer) -> Promise;

    #[wasm_bindgen(method)]
    fn abort(this: &Writer, reason: &JsValue) -> Promise;

    #[derive(Debug)]
    type TextEncoder;

    #[wasm_bindgen(constructor)]
    fn new() -> TextEncoder;

    /// Takes a JavaScript string. The method of `web_sys` takes only a Rust `&str`.
    #[wasm_bindgen(method)]
    fn encode(this: &TextEncoder, text: &JsString) -> Uint8Array;
}
