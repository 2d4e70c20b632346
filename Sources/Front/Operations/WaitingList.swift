import Platform

/// A list that waits for servers in their first start.
struct WaitingList {
  let kind: EntryKind
  let target: any ReplyTarget
  let timer: Timer
}
