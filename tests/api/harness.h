// A daemon in this process on a folder of its own, called through its router as the local administrator or as anybody else.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "api/json.h"
#include "applets/daemon/boot/boot.h"
#include "applets/daemon/dispatch.h"
#include "async/runtime.h"
#include "db/instances.h"
#include "instance/manager.h"

namespace test {

struct Answer {
  int status = 0;
  http::Headers headers;
  Json body;
  Json metadata() const { return body.value("metadata", Json()); }
  std::string error() const { return body.value("error", ""); }
};

class TestDaemon {
 public:
  TestDaemon() {
    char pattern[] = "/tmp/incusbox-api-XXXXXX";
    folder_ = mkdtemp(pattern);
    incusd::BootOptions options;
    options.paths = {folder_, folder_ + "/logs", folder_ + "/run", folder_ + "/cache"};
    daemon_ = std::move(incusd::start_daemon(runtime_, options).value());
    while (!daemon_->ready) std::this_thread::sleep_for(milliseconds(1));
  }
  ~TestDaemon() {
    incusd::stop_daemon(Context().with_timeout(seconds(5)), *daemon_, incusd::Shutdown::daemon_only);
    runtime_.stop();
    daemon_.reset();
    std::filesystem::remove_all(folder_);
  }

  incusd::Daemon& operator*() { return *daemon_; }
  incusd::Daemon* operator->() { return daemon_.get(); }
  const std::string& folder() const { return folder_; }

  Answer call(http::Method method, const std::string& target, const std::string& body = "", const StringMap& headers = {},
              const http::Peer& peer = local()) {
    http::Request request;
    size_t question = target.find('?');
    request.method = method;
    request.path = target.substr(0, question);
    if (question != target.npos) request.query = http::Query::parse(target.substr(question + 1));
    for (const auto& [name, value] : headers) request.headers.set(name, value);
    request.body = body;
    request.peer = peer;
    http::Plan plan = daemon_->dispatcher->plan(request);
    http::Response response = plan.run(Context(), request);
    Answer answer{response.status, response.headers, Json()};
    if (!response.body.empty()) answer.body = Json::parse(response.body);
    return answer;
  }
  Answer get(const std::string& target) { return call(http::Method::get, target); }

  static http::Peer local() {
    http::Peer peer;
    peer.address = "@";
    return peer;
  }
  static http::Peer remote(const std::string& fingerprint = "", const std::string& certificate = "") {
    http::Peer peer;
    peer.transport = http::Peer::Transport::tls;
    peer.address = "192.0.2.1:4000";
    peer.fingerprint = fingerprint;
    peer.certificate = certificate;
    return peer;
  }

 private:
  std::string folder_;
  async::Runtime runtime_{{}};
  std::unique_ptr<incusd::Daemon> daemon_;
};

/// An instance that is only a row in the database: nothing of it can be started.
inline int64_t add_instance(TestDaemon& daemon, const std::string& project, const std::string& name) {
  db::instances::Row row;
  row.project = project;
  row.name = name;
  row.architecture = 2;  // x86_64
  row.profiles = {"default"};
  int64_t id = daemon->global->write([&](db::Tx& tx) { return db::instances::create(tx, row, "default"); }).value();
  if (!daemon->instances->reload(id)) std::abort();
  return id;
}

}  // namespace test
