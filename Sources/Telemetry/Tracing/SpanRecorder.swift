/// Takes finished spans. Loop-confined; must neither block nor log for each span.
package protocol SpanRecorder: AnyObject {
  func record(_ span: Span)
}
