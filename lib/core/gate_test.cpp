// Limits and restrictions, judged on small projects in memory.
#include "core/gate.h"

#include <catch2/catch_test_macros.hpp>

#include "core/warnings.h"
#include "db/instances.h"
#include "db/pools.h"
#include "db/profiles.h"
#include "db/projects.h"
#include "db/schema.h"
#include "db/volumes.h"

using namespace core;

namespace {

/// A project "p" with its own default profile that has a root disk on pool "pool".
struct Fixture {
  std::unique_ptr<db::Database> database = *db::open_memory_global();
  std::string message;

  explicit Fixture(StringMap config) {
    config["features.profiles"] = "true";
    in([&](db::Tx& tx) -> Result<> {
      api::ProjectsPost project;
      project.name = "p";
      project.config = config;
      TRY(db::projects::create(tx, project));
      api::StoragePoolsPost pool;
      pool.name = "pool";
      pool.driver = "dir";
      TRY(db::pools::create(tx, pool));
      api::ProfilesPost profile;
      profile.name = "default";
      profile.devices = {{"root", {{"type", "disk"}, {"path", "/"}, {"pool", "pool"}, {"size", "1GiB"}}}};
      TRY(db::profiles::create(tx, "p", profile));
      return {};
    });
  }
  template <class F>
  void in(F body) {
    auto done = database->write([&](db::Tx& tx) -> Result<> { return body(tx); });
    REQUIRE(done);
  }
  /// Empty if allowed, else the message.
  std::string create(const std::string& name, StringMap config = {}, api::DevicesMap devices = {}, db::InstanceType type = db::InstanceType::container) {
    gate::InstanceChange change{.project = "p", .name = name, .type = type, .config = config, .devices = devices, .profiles = {"default"}, .is_new = true};
    auto done = database->write([&](db::Tx& tx) -> Result<> {
      TRY(gate::check_request(tx, {.project = "p", .name = name, .type = type, .config = config}));
      TRY(gate::check_instance(tx, change));
      db::instances::Row row;
      row.project = "p";
      row.name = name;
      row.architecture = 2;
      row.type = type;
      row.config = config;
      row.devices = devices;
      row.profiles = {"default"};
      TRY(db::instances::create(tx, row, "p"));
      return {};
    });
    return done ? "" : done.error().message();
  }
};

}  // namespace

TEST_CASE("a project without limits and restrictions allows everything", "[gate]") {
  Fixture f({});
  CHECK(f.create("c1", {{"security.privileged", "true"}, {"raw.lxc", "x"}}, {{"g", {{"type", "gpu"}}}}) == "");
}

TEST_CASE("instance counts", "[gate]") {
  Fixture f({{"limits.containers", "1"}, {"limits.instances", "2"}});
  CHECK(f.create("c1") == "");
  CHECK(f.create("c2") == "Reached maximum number of instances of type \"container\" in project \"p\"");
  CHECK(f.create("v1", {}, {}, db::InstanceType::vm) == "");
  CHECK(f.create("v2", {}, {}, db::InstanceType::vm) == "Reached maximum number of instances in project \"p\"");
  f.in([&](db::Tx& tx) -> Result<> {
    return gate::check_instance(tx, {.project = "p", .name = "moving", .profiles = {"default"}, .is_new = true, .replaces = "c1"});
  });
}

TEST_CASE("sums over instances, profiles and volumes", "[gate]") {
  Fixture f({{"limits.memory", "2GiB"}, {"limits.disk", "3GiB"}});
  CHECK(f.create("c0") == "Failed checking if instance creation allowed: Failed getting usage of project entities: Instance \"c0\" in project "
                          "\"p\" has no \"limits.memory\" config, either directly or via a profile");
  CHECK(f.create("c1", {{"limits.memory", "1GiB"}}) == "");
  CHECK(f.create("c2", {{"limits.memory", "10%"}}).ends_with("Failed parsing \"limits.memory\" for instance \"c2\" in project \"p\""));
  CHECK(f.create("c2", {{"limits.memory", "1025MiB"}}).ends_with("Reached maximum aggregate value \"2GiB\" for \"limits.memory\" in project \"p\""));
  CHECK(f.create("c2", {{"limits.memory", "1GiB"}}) == "");
  f.in([&](db::Tx& tx) -> Result<> {
    gate::VolumeChange volume{.project = "p", .pool = "pool", .name = "v", .config = {{"size", "1025MiB"}}, .is_new = true};
    CHECK(gate::check_volume(tx, volume).error().message().contains("Reached maximum aggregate value \"3GiB\" for \"limits.disk\""));
    volume.config.clear();
    CHECK(gate::check_volume(tx, volume).error().message().ends_with("Custom volume \"v\" in project \"p\" has no \"size\" config set"));
    CHECK(TRY(gate::space_budget(tx, "p")) == int64_t{1} << 30);
    CHECK(TRY(gate::space_budget(tx, "default")) == std::nullopt);

    auto state = TRY(gate::usage(tx, "p"));
    CHECK(state.resources["memory"].usage == int64_t{2} << 30);
    CHECK(state.resources["memory"].limit == int64_t{2} << 30);
    CHECK(state.resources["disk"].usage == int64_t{2} << 30);
    CHECK(state.resources["cpu"].limit == -1);
    CHECK(state.resources["instances"].usage == 2);

    CHECK(gate::check_project_update(tx, "p", {{"limits.memory", "1GiB"}}, {"limits.memory"}).error().message() ==
          "\"limits.memory\" is too low: current total is \"2.0GiB\"");
    CHECK(gate::check_project_update(tx, "p", {{"limits.containers", "1"}}, {"limits.containers"}).error().message() ==
          "Can't change \"limits.containers\" in project \"p\": \"limits.containers\" is too low: there currently are 2 instances of type "
          "container in project \"p\"");
    api::ProfilePut put;
    put.devices = {{"root", {{"type", "disk"}, {"path", "/"}, {"pool", "pool"}, {"size", "2GiB"}}}};
    CHECK(gate::check_profile(tx, "p", "default", put).error().message().starts_with("Failed checking if profile update allowed: Reached maximum"));
    return {};
  });
}

TEST_CASE("restrictions by default", "[gate]") {
  Fixture f({{"restricted", "true"}});
  const std::string prefix = "Failed checking if instance creation allowed: ";
  CHECK(f.create("ok") == "");
  CHECK(f.create("a", {{"security.privileged", "true"}}) ==
        prefix + "Invalid value \"true\" for config \"security.privileged\" on container \"a\" of project \"p\": Privileged containers are forbidden");
  CHECK(f.create("b", {{"security.nesting", "true"}}).ends_with("Container nesting is forbidden"));
  CHECK(f.create("c", {{"raw.lxc", "x"}}) == prefix + "Use of low-level config \"raw.lxc\" on container \"c\" of project \"p\" is forbidden");
  CHECK(f.create("d", {{"security.syscalls.intercept.mount", "true"}}).ends_with("Container syscall interception is forbidden"));
  CHECK(f.create("e", {{"security.syscalls.intercept.mount.allowed", "ext4"}}).contains("Use of low-level config"));
  CHECK(f.create("f", {}, {{"g", {{"type", "gpu"}}}}) == prefix + "Invalid device \"g\" on container \"f\" of project \"p\": GPU devices are forbidden");
  CHECK(f.create("g", {}, {{"d", {{"type", "disk"}, {"source", "/etc"}, {"path", "/x"}}}}).ends_with("Attaching disks not backed by a pool is forbidden"));
  CHECK(f.create("h", {}, {{"n", {{"type", "nic"}, {"nictype", "bridged"}, {"parent", "br0"}}}}).ends_with("Only managed network devices are allowed"));
  CHECK(f.create("i", {{"raw.idmap", "both 1000 1000"}}).ends_with("Use of low-level \"raw.idmap\" element 0 on container \"i\" of project \"p\" is forbidden"));
  CHECK(f.create("j", {{"volatile.last_state.idmap", "[]"}}) == "Setting \"volatile.last_state.idmap\" on container \"j\" in project \"p\" is forbidden");
  CHECK(f.create("k", {{"volatile.eth0.hwaddr", "10:66:6a:00:00:01"}}) == "");
  f.in([&](db::Tx& tx) -> Result<> {
    CHECK(gate::check_backup(tx, "p").error().message() == "Project \"p\" doesn't allow for backup creation");
    CHECK(gate::check_snapshot(tx, "p").error().message() == "Project \"p\" doesn't allow for snapshot creation");
    CHECK(TRY(gate::strip_forbidden_volatile(tx, "p", db::InstanceType::container, {{"volatile.uuid", "x"}, {"user.a", "b"}, {"volatile.base_image", "i"}})) ==
          StringMap{{"user.a", "b"}, {"volatile.base_image", "i"}});
    return {};
  });
}

TEST_CASE("restrictions that are lifted or narrowed", "[gate]") {
  Fixture f({{"restricted", "true"}, {"restricted.containers.lowlevel", "allow"}, {"restricted.devices.disk", "allow"},
             {"restricted.devices.disk.paths", "/srv/a,/mnt"}, {"restricted.containers.privilege", "isolated"},
             {"restricted.storage-pools.access", "pool"}, {"restricted.images.servers", "images.example.org"}});
  StringMap isolated{{"security.idmap.isolated", "true"}};
  CHECK(f.create("a").ends_with("(\"security.idmap.isolated\" must be set to \"true\")"));
  CHECK(f.create("b", {{"security.idmap.isolated", "true"}, {"raw.lxc", "x"}}) == "");
  auto disk = [](const std::string& source) { return api::DevicesMap{{"d", {{"type", "disk"}, {"source", source}, {"path", "/x"}}}}; };
  CHECK(f.create("c", isolated, disk("/srv/a/b")) == "");
  CHECK(f.create("d", isolated, disk("/srv/ab")).ends_with("Disk source path \"/srv/ab\" not allowed"));
  CHECK(f.create("e", isolated, disk("/srv/a/../b")).ends_with("not allowed"));
  CHECK(f.create("f", isolated, {{"d", {{"type", "disk"}, {"pool", "other"}, {"source", "v"}, {"path", "/x"}}}})
            .ends_with("Storage pool \"other\" is not accessible from this project"));
  f.in([&](db::Tx& tx) -> Result<> {
    CHECK(gate::check_image_server(tx, "p", "https://images.example.org/x"));
    CHECK(gate::check_image_server(tx, "p", "https://images.example.org@evil.org").error().message() ==
          "Image server \"evil.org\" isn't allowed in this project");
    return {};
  });
}

TEST_CASE("host ids of raw.idmap must be granted", "[gate]") {
  Fixture f({{"restricted", "true"}, {"restricted.idmap.uid", "1000-1999"}, {"restricted.idmap.gid", "1000"}});
  CHECK(f.create("a", {{"raw.idmap", "uid 1000-1009 0-9"}}) == "");
  CHECK(f.create("b", {{"raw.idmap", "both 1000 1000"}}) == "");
  CHECK(f.create("c", {{"raw.idmap", "both 1001 1001"}}).contains("is forbidden"));
  CHECK(f.create("d", {{"raw.idmap", "uid 1999-2000 0-1"}}).contains("is forbidden"));
}

TEST_CASE("tightening a restriction that is in use is a conflict", "[gate]") {
  Fixture f({});
  CHECK(f.create("c1", {{"security.nesting", "true"}}) == "");
  f.in([&](db::Tx& tx) -> Result<> {
    auto denied = gate::check_project_update(tx, "p", {{"restricted", "true"}, {"restricted.containers.nesting", "block"}},
                                             {"restricted", "restricted.containers.nesting"});
    CHECK(denied.error().message().starts_with("Conflict detected when changing \"restricted.containers.nesting\" in project \"p\": "));
    CHECK(gate::check_project_update(tx, "p", {{"user.a", "b"}}, {"user.a"}));
    return {};
  });
}

TEST_CASE("warnings name what they are about", "[warnings]") {
  Fixture f({});
  f.create("c1");
  f.in([&](db::Tx& tx) -> Result<> {
    int64_t id = TRY(db::instances::load(tx, "p", "c1")).id;
    WarningSubject subject{.type = WarningType::instance_autostart_failure, .project = "p", .entity = EntityType::instance, .entity_id = id};
    TRY(warn(tx, subject, "no"));
    auto rows = TRY(db::warnings::load_all(tx));
    REQUIRE(rows.size() == 1);
    auto shown = TRY(render_warning(tx, rows[0]));
    CHECK(shown.entity_url == "/1.0/instances/c1?project=p");
    CHECK(shown.type == "Failed to autostart instance");
    CHECK(shown.status == "new");
    TRY(resolve_warnings(tx, subject));
    CHECK(TRY(db::warnings::load(tx, rows[0].uuid)).status == db::WarningStatus::resolved);
    TRY(forget_entity(tx, EntityType::instance, id));
    CHECK(TRY(db::warnings::load_all(tx)).empty());
    return {};
  });
}
