// Events: lifecycle, operation and logging messages, fanned out to websocket listeners (wire.md, section 6).
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "api/json.h"
#include "api/types/event.h"

namespace core {

/// Who asked for something: recorded in events and operations.
struct Requestor {
  std::string username;
  std::string protocol;  ///< "unix", "tls", "oidc"
  std::string address;
};

/// Thread-safe hub. Sending never blocks: a listener that can't keep up is dropped.
class Events {
 public:
  struct Filter {
    StringList types;
    std::string project;  ///< empty with all_projects
    bool all_projects = false;
    StringList visible_projects;  ///< with all_projects: only these; empty means every one
  };
  /// Receives the finished JSON frame; must not block. Returning false removes the listener.
  using Listener = std::function<bool(const std::string& frame)>;

  /// The listener is removed when the handle is dropped.
  [[nodiscard]] std::shared_ptr<void> listen(Filter filter, Listener listener);
  /// `metadata` is JSON text (an api::EventLifecycle, an operation, an api::EventLogging).
  void send(const std::string& type, const std::string& project, const std::string& metadata);
  /// Does anybody listen to `type`? Lets senders skip building a message.
  bool wanted(const std::string& type) const;
  /// action: a lifecycle action of enums.tsv ("instance-created"); source: API path ("/1.0/instances/c1?project=p").
  /// name: given for instances only, whose events also repeat the project in their metadata.
  void lifecycle(const std::string& project, const std::string& action, const std::string& source, const Requestor& requestor,
                 Json context = nullptr, const std::string& name = "");
  Events();
  ~Events();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace core
