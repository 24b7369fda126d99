// Operations: background work with a state that clients wait for, cancel, or connect to (wire.md, section 5).
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/types/operation.h"
#include "base/context.h"
#include "core/event.h"
#include "http/message.h"

namespace async {
class Runtime;
}

namespace core {

enum class OperationClass { task, websocket, token };

/// Operation types carry the description clients see ("Creating instance"); enums.tsv has all. See operation_types.def.
enum class OperationType : int {
#define OPERATION_TYPE(symbol, code, description) symbol = code,
#include "core/operation_types.def"
#undef OPERATION_TYPE
};
std::string_view operation_description(OperationType type);

class Operation;

struct OperationSpec {
  OperationType type;
  OperationClass cls = OperationClass::task;
  std::string project;  ///< empty for server-wide operations
  /// kind -> names or URLs: {"instances": {"/1.0/instances/c1"}}.
  std::map<std::string, StringList> resources;
  Json metadata = nullptr;
  bool may_cancel = false;
  Requestor requestor;
  /// Runs on a worker thread; its Context stops on cancel and shutdown. An error becomes `err`, status Failure (or Cancelled).
  std::function<Result<>(const Context&, Operation&)> run;
  /// websocket class: a client connected with `secret`. Runs on an I/O thread, must not block. An error refuses the connection.
  std::function<Result<>(Operation&, const std::string& secret, std::shared_ptr<http::WebSocket>)> connect;
};

/// One operation. Thread-safe; state changes go through one function that stores and emits the event.
class Operation : public std::enable_shared_from_this<Operation> {
 public:
  virtual ~Operation() = default;
  virtual const std::string& id() const = 0;
  virtual const std::string& project() const = 0;
  virtual const Requestor& requestor() const = 0;
  virtual std::string url() const = 0;  ///< "/1.0/operations/<id>"
  virtual OperationType type() const = 0;
  virtual OperationClass cls() const = 0;
  virtual api::Operation render() const = 0;
  /// A copy of the metadata now.
  virtual Json metadata() const = 0;
  virtual bool finished() const = 0;
  /// Merges `metadata` (an object) and emits the event.
  virtual Result<> update_metadata(const Json& metadata) = 0;
  /// Progress as clients expect it: metadata["<key>_progress"] = text and metadata.progress = {stage, percent, speed}. At most one a second.
  virtual void progress(const std::string& key, const std::string& text, int percent, int64_t bytes_per_second) = 0;
  /// Waits for the end. Errors: timeout, cancelled (of ctx). Blocks.
  virtual Result<> wait(const Context& ctx) = 0;
  /// Calls `done` once finished (at once if it is), on any thread; must not block. Lets a wait cost no thread.
  virtual void when_done(std::function<void()> done) = 0;
  /// Errors: invalid where it isn't running or can't be cancelled. The end may come later: when `run` has returned.
  virtual Result<> cancel() = 0;
  /// May a client connect with `secret` now? (websocket class, running, the secret is one of its metadata). Errors: invalid, forbidden.
  virtual Result<> check_connect(const std::string& secret) const = 0;
  /// Hands a connected websocket to the spec's `connect`; closes it on errors. On an I/O thread.
  virtual void connect(const std::string& secret, std::shared_ptr<http::WebSocket> socket) = 0;
};

class Operations {
 public:
  virtual ~Operations() = default;
  static std::unique_ptr<Operations> create(async::Runtime& runtime, Events& events);
  /// Registers and (task, websocket with run) starts it at once.
  virtual Result<std::shared_ptr<Operation>> start(OperationSpec spec) = 0;
  virtual std::shared_ptr<Operation> find(const std::string& id) const = 0;
  /// Oldest first.
  virtual std::vector<std::shared_ptr<Operation>> all() const = 0;
  /// Drops the finished ones that are past their afterlife (find and all leave them out anyway).
  virtual void purge() = 0;
  /// No new operations; cancels and waits for the running ones until the deadline of `ctx`.
  virtual void stop(const Context& ctx) = 0;
};

}  // namespace core
