#include <catch2/catch_test_macros.hpp>

#include "applets/daemon/logging/loki_entry.h"
#include "applets/daemon/logging/settings.h"
#include "applets/daemon/syslog_socket.h"

using namespace incusd;

namespace {

api::Event lifecycle(const std::string& action, const std::string& project) {
  api::Event event;
  event.type = "lifecycle";
  event.timestamp = Timestamp::from_unix(1700000000, 5);
  event.metadata = {{"action", action}, {"source", "/1.0/instances/c1"}, {"name", "c1"}, {"project", project},
                    {"context", {{"deep", {{"a", 1}}}}}, {"requestor", {{"username", "root"}, {"protocol", "unix"}}}};
  return event;
}

api::Event message(const std::string& level) {
  api::Event event;
  event.type = "logging";
  event.metadata = {{"message", "hello"}, {"level", level}, {"context", {{"b", "2"}, {"a", "1"}}}};
  return event;
}

}  // namespace

TEST_CASE("log targets come from the config, old Loki keys too", "[logging]") {
  auto targets = log_targets_of({{"logging.a.target.type", "syslog"}, {"logging.a.target.address", "tcp://h:1"}, {"logging.a.lifecycle.types", "instance, image"},
                                 {"logging.b.c.target.type", "webhook"}, {"logging.x.types", "lifecycle"}, {"loki.api.url", "http://l"}, {"loki.loglevel", "error"}});
  REQUIRE(targets.size() == 3);
  CHECK(targets["a"].facility == "daemon");
  CHECK(targets["a"].attempts == 3);
  CHECK(targets["a"].lifecycle_types == StringList{"instance", "image"});
  CHECK(targets["a"].types == StringList{"lifecycle", "logging"});
  CHECK(targets["b.c"].type == "webhook");
  CHECK(targets["loki"].level == "error");
  CHECK(targets["loki"].address == "http://l");
}

TEST_CASE("log targets get what they asked for", "[logging]") {
  LogTargetSettings settings{.types = {"lifecycle", "logging"}, .level = "warning", .lifecycle_projects = {"p"}, .lifecycle_types = {"instance-"}};
  CHECK(wants_event(settings, lifecycle("instance-created", "p")));
  CHECK_FALSE(wants_event(settings, lifecycle("instance-created", "q")));
  CHECK_FALSE(wants_event(settings, lifecycle("image-created", "p")));
  CHECK(wants_event(settings, message("error")));
  CHECK(wants_event(settings, message("warning")));
  CHECK_FALSE(wants_event(settings, message("info")));
  settings.types = {"network-acl"};
  CHECK_FALSE(wants_event(settings, message("error")));
}

TEST_CASE("Loki entries: labels are taken out of the line", "[logging]") {
  LogTargetSettings settings{.labels = {"requester-username", "level"}};
  LokiEntry entry = loki_entry(settings, lifecycle("instance-created", "p"), "host");
  CHECK(entry.labels == StringMap{{"app", "incus"}, {"instance", "host"}, {"location", "host"}, {"name", "c1"}, {"project", "p"},
                                  {"requester_username", "root"}, {"type", "lifecycle"}});
  CHECK(entry.line == "action=\"instance-created\" context-deep-a=\"1\" requester-protocol=\"unix\" source=\"/1.0/instances/c1\" instance-created");
  settings.instance = "mine";
  LokiEntry log = loki_entry(settings, message("error"), "host");
  CHECK(log.labels["instance"] == "mine");
  CHECK(log.labels["level"] == "error");
  CHECK(log.line == "context-a=\"1\" context-b=\"2\" hello");
  std::string body = loki_push({entry, entry, log});
  CHECK(body.starts_with("{\"streams\":[{\"stream\":{"));
  CHECK(body.contains("[\"1700000000000000005\",\"action="));
}

TEST_CASE("lines of OVN about ACLs", "[logging]") {
  auto event = parse_acl_log("<29> ovs|ovn-controller|00017|acl_log(foo)|INFO|name=\"some-acl\"");
  REQUIRE(event);
  CHECK(event->message == "name=\"some-acl\"");
  CHECK(event->level == "info");
  CHECK(event->context == StringMap{{"application", "ovn-controller"}, {"sequence", "00017"}});
  event = parse_acl_log("<29> ovs|00017|acl_log(foo)|WARN|x|y");
  REQUIRE_FALSE(event);  // six fields: the first is then taken for a program
  CHECK(parse_acl_log("<29> ovs|00017|acl_log|WARN|x")->context == StringMap{{"sequence", "00017"}});
  CHECK_FALSE(parse_acl_log("<29> ovs|00017|rconn|INFO|connected"));
  CHECK_FALSE(parse_acl_log("garbage"));
}
