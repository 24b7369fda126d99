// The repositories against an in-memory database: round trips, conflicts, cascades and the cost of listing.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <filesystem>


#include "base/encode.h"
#include "db/certificates.h"
#include "db/config.h"
#include "db/images.h"
#include "db/instance_snapshots.h"
#include "db/instances.h"
#include "db/networks.h"
#include "db/operations.h"
#include "db/pools.h"
#include "db/profiles.h"
#include "db/projects.h"
#include "db/schema.h"
#include "db/snapshot_index.h"
#include "db/volumes.h"
#include "db/warnings.h"

using namespace db;

namespace {

/// Runs `body` in a write transaction and reports its error as a failed check.
template <class F>
void in(Database& database, F body) {
  auto done = database.write([&](Tx& tx) -> Result<> { return body(tx); });
  INFO((done ? std::string() : done.error().message()));
  REQUIRE(done);
}

instances::Row instance(const std::string& name) {
  instances::Row row;
  row.project = "default";
  row.name = name;
  row.architecture = 2;
  row.config = {{"limits.cpu", "2"}, {"volatile.uuid", name}, {"user.a", "b"}, {"empty", ""}};
  row.devices = {{"eth0", {{"type", "nic"}, {"network", "br0"}}}, {"root", {{"type", "disk"}, {"path", "/"}, {"pool", "p"}}}};
  row.profiles = {"default"};
  return row;
}

}  // namespace

TEST_CASE("instances round-trip, update in place and cascade", "[db]") {
  auto database = *open_memory_global();
  in(*database, [&](Tx& tx) -> Result<> {
    int64_t id = TRY(instances::create(tx, instance("c1"), "default"));
    auto loaded = TRY(instances::load(tx, "default", "c1"));
    CHECK(loaded.id == id);
    CHECK(loaded.location == "none");
    CHECK(!loaded.config.contains("empty"));
    CHECK(loaded.devices == instance("c1").devices);
    CHECK(loaded.profiles == StringList{"default"});
    CHECK(!loaded.created_at.is_zero());
    CHECK(loaded.last_used_at.is_zero());

    loaded.config.erase("user.a");
    loaded.config["limits.cpu"] = "4";
    loaded.devices.erase("eth0");
    loaded.devices["root"]["size"] = "1GiB";
    loaded.profiles.clear();
    TRY(instances::update(tx, loaded, "default"));
    auto again = TRY(instances::load(tx, id));
    CHECK(again.config == loaded.config);
    CHECK(again.devices == loaded.devices);
    CHECK(again.profiles.empty());

    TRY(instances::patch_config(tx, id, {{"volatile.uuid", ""}, {"volatile.x", "1"}}));
    again = TRY(instances::load(tx, id));
    CHECK(again.config == StringMap{{"limits.cpu", "4"}, {"volatile.x", "1"}});

    auto twice = instances::create(tx, instance("c1"), "default");
    REQUIRE(!twice);
    CHECK(twice.error().code() == Code::conflict);
    CHECK(twice.error().message() == "Instance \"c1\" already exists");
    CHECK(instances::load(tx, "default", "c2").error().message() == "Instance not found");

    TRY(instances::remove(tx, id));
    CHECK(TRY(tx.query_integer("SELECT (SELECT COUNT(*) FROM instances_config) + (SELECT COUNT(*) FROM instances_devices_config)")) == 0);
    return {};
  });
}

TEST_CASE("an unknown profile or device type is refused", "[db]") {
  auto database = *open_memory_global();
  in(*database, [&](Tx& tx) -> Result<> {
    auto row = instance("c1");
    row.profiles = {"default", "nosuch"};
    CHECK(instances::create(tx, row, "default").error().code() == Code::not_found);
    row = instance("c2");
    row.devices["x"] = {{"type", "teapot"}};
    CHECK(instances::create(tx, row, "default").error().message() == "Invalid device type \"teapot\"");
    return {};
  });
}

TEST_CASE("snapshots and backups hang on their instance", "[db]") {
  auto database = *open_memory_global();
  in(*database, [&](Tx& tx) -> Result<> {
    int64_t id = TRY(instances::create(tx, instance("c1"), "default"));
    snapshots::Row snapshot{.instance_id = id, .name = "snap0", .expires_at = Timestamp::from_unix(1000), .config = {{"a", "b"}},
                            .devices = {{"root", {{"type", "disk"}, {"path", "/"}}}}};
    TRY(snapshots::create(tx, snapshot));
    snapshot.name = "snap7";
    snapshot.expires_at = {};
    TRY(snapshots::create(tx, snapshot));
    CHECK(snapshots::create(tx, snapshot).error().code() == Code::conflict);
    CHECK(TRY(snapshots::load_all(tx, id)).size() == 2);
    CHECK(TRY(snapshots::load_by_instance(tx, "default"))[id][0].devices == snapshot.devices);
    CHECK(TRY(snapshots::load_expired(tx, Timestamp::now())).size() == 1);
    CHECK(TRY(snapshots::next_index(tx, id, "snap%d")) == 8);
    TRY(backups::create(tx, {.instance_id = id, .name = "b0", .instance_only = true}));
    CHECK(TRY(backups::load(tx, id, "b0")).instance_only);
    TRY(instances::remove(tx, id));
    CHECK(TRY(tx.query_integer("SELECT (SELECT COUNT(*) FROM instances_snapshots) + (SELECT COUNT(*) FROM instances_backups)")) == 0);
    return {};
  });
}

TEST_CASE("numbers of snapshot patterns", "[db]") {
  CHECK(next_index({}, "snap%d") == 0);
  CHECK(next_index({"snap1", "snapx", "snap10", "other99"}, "snap%d") == 11);
  CHECK(next_index({"a3z", "a4"}, "a%dz") == 4);
  CHECK(next_index({"fixed"}, "fixed") == 0);
}

TEST_CASE("projects know their features and users", "[db]") {
  auto database = *open_memory_global();
  in(*database, [&](Tx& tx) -> Result<> {
    api::ProjectsPost post;
    post.name = "p1";
    post.config = {{"features.images", "true"}, {"features.profiles", "false"}};
    int64_t id = TRY(projects::create(tx, post));
    CHECK(projects::create(tx, post).error().code() == Code::conflict);
    CHECK(TRY(projects::effective(tx, "p1", "images")) == "p1");
    CHECK(TRY(projects::effective(tx, "p1", "profiles")) == "default");
    CHECK(TRY(projects::effective(tx, "p1", "networks")) == "default");
    auto row = TRY(projects::load(tx, "p1"));
    CHECK(row.has("images"));
    CHECK(TRY(projects::used_by(tx, row)).empty());
    auto c1 = instance("c 1");
    c1.project = "p1";
    TRY(instances::create(tx, c1, "default"));
    CHECK(TRY(projects::used_by(tx, row)) == StringList{"/1.0/instances/c%201?project=p1"});
    CHECK(TRY(projects::used_by(tx, TRY(projects::load(tx, "default")))) == StringList{"/1.0/profiles/default"});
    CHECK(TRY(profiles::used_by(tx)).begin()->second == StringList{"/1.0/instances/c%201?project=p1"});
    TRY(projects::remove(tx, id));
    CHECK(TRY(projects::load_all(tx)).size() == 1);
    return {};
  });
}

TEST_CASE("pools, volumes and what uses them", "[db]") {
  auto database = *open_memory_global();
  in(*database, [&](Tx& tx) -> Result<> {
    api::StoragePoolsPost post;
    post.name = "p";
    post.driver = "dir";
    post.config = {{"source", "/x"}, {"rsync.bwlimit", "1"}};
    int64_t pool = TRY(pools::create(tx, post));
    CHECK(TRY(tx.query_integer("SELECT COUNT(*) FROM storage_pools_config WHERE node_id = 1")) == 1);
    TRY(pools::set_state(tx, pool, State::created));
    auto row = TRY(pools::load(tx, "p"));
    CHECK(row.state == State::created);
    CHECK(row.config == post.config);
    row.config["source"] = "/y";
    TRY(pools::update(tx, pool, row));
    CHECK(TRY(pools::load(tx, "p")).config["source"] == "/y");

    volumes::Row volume;
    volume.pool_id = pool;
    volume.project = "default";
    volume.name = "v1";
    volume.config = {{"size", "1GiB"}};
    int64_t id = TRY(volumes::create(tx, volume));
    CHECK(volumes::create(tx, volume).error().code() == Code::conflict);
    int64_t snapshot = TRY(volumes::create_snapshot(tx, {.volume_id = id, .name = "s0", .config = {{"size", "1GiB"}}}));
    CHECK(snapshot == id + 1);
    volume.name = "v2";
    CHECK(TRY(volumes::create(tx, volume)) == id + 2);
    volume.name = "c1";
    volume.type = VolumeType::container;
    TRY(volumes::create(tx, volume));
    CHECK(TRY(volumes::load_snapshot(tx, id, "s0")).config == volume.config);
    CHECK(TRY(volumes::load_pool_snapshots(tx, pool))[id].size() == 1);
    CHECK(TRY(volumes::load_all(tx, {.pool_id = pool, .type = VolumeType::custom})).size() == 2);
    CHECK(TRY(pools::used_by(tx, row)) == StringList{"/1.0/instances/c1", "/1.0/storage-pools/p/volumes/custom/v1",
                                                    "/1.0/storage-pools/p/volumes/custom/v1/snapshots/s0",
                                                    "/1.0/storage-pools/p/volumes/custom/v2"});
    TRY(volumes::create_backup(tx, {.volume_id = id, .name = "b"}));
    CHECK(TRY(volumes::load_backup(tx, id, "b")).name == "b");
    TRY(volumes::remove(tx, id));
    CHECK(TRY(tx.query_integer("SELECT COUNT(*) FROM storage_volumes_snapshots")) == 0);
    return {};
  });
}

TEST_CASE("images with aliases, properties and sources", "[db]") {
  auto database = *open_memory_global();
  in(*database, [&](Tx& tx) -> Result<> {
    images::Row row;
    row.project = "default";
    row.fingerprint = "abc123";
    row.architecture = 2;
    row.auto_update = true;
    row.properties = {{"os", "x"}};
    row.profiles = {"default"};
    row.source = api::ImageSource{};
    row.source->server = "https://example.org";
    row.source->protocol = "simplestreams";
    row.source->alias = "x/1";
    int64_t id = TRY(images::create(tx, row));
    TRY(images::create_alias(tx, "default", "x", "an x", id));
    CHECK(images::create_alias(tx, "default", "x", "", id).error().code() == Code::conflict);
    row.fingerprint = "abd999";
    TRY(images::create(tx, row));
    CHECK(images::load(tx, "default", "ab").error().message() == "More than one image matches");
    CHECK(images::load(tx, "default", "zz").error().message() == "Image not found");
    auto image = TRY(images::load(tx, "default", "abc")).to_api();
    CHECK(image.properties == StringMap{{"os", "x"}});
    CHECK(image.aliases.size() == 1);
    CHECK(image.profiles == StringList{"default"});
    CHECK(image.update_source->protocol == "simplestreams");
    CHECK(image.architecture == "x86_64");
    CHECK(TRY(images::find_by_source(tx, *row.source, InstanceType::container, 2)).has_value());
    CHECK(TRY(images::load_alias(tx, "default", "x")).fingerprint == "abc123");
    TRY(images::remove(tx, id));
    CHECK(TRY(images::load_aliases(tx, "default")).empty());
    return {};
  });
}

TEST_CASE("certificates, networks, warnings, operations, server config", "[db]") {
  auto database = *open_memory_global();
  in(*database, [&](Tx& tx) -> Result<> {
    certificates::Row certificate{.fingerprint = "f00", .name = "me", .certificate = "PEM", .restricted = true, .projects = {"default"}};
    TRY(certificates::create(tx, certificate));
    CHECK(TRY(certificates::load(tx, "f0")).projects == StringList{"default"});
    CHECK(!certificates::load(tx, ""));
    certificate.fingerprint = "f01";
    certificate.projects = {"nosuch"};
    CHECK(!certificates::create(tx, certificate));

    api::NetworkPut put;
    put.config = {{"ipv4.address", "auto"}, {"parent", "eth0"}};
    TRY(networks::create(tx, "default", "br0", NetworkType::bridge, put));
    CHECK(TRY(networks::load_all(tx))[0].config == put.config);
    CHECK(networks::create(tx, "default", "br0", NetworkType::bridge, put).error().message() == "Network \"br0\" already exists");

    TRY(warnings::upsert(tx, {.type = 13}, "no"));
    TRY(warnings::upsert(tx, {.type = 13}, "still no"));
    auto rows = TRY(warnings::load_all(tx));
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].count == 2);
    TRY(warnings::resolve(tx, {.type = 13}));
    CHECK(TRY(warnings::load(tx, rows[0].uuid)).status == WarningStatus::resolved);
    TRY(warnings::upsert(tx, {.type = 13}, "again"));
    CHECK(TRY(warnings::load(tx, rows[0].uuid)).status == WarningStatus::fresh);
    CHECK(warnings::remove(tx, "nosuch").error().code() == Code::not_found);

    TRY(operations::add(tx, "u-u", 8, "default"));
    TRY(operations::clear(tx));
    TRY(db::config::patch(tx, {{"user.a", "1"}, {"user.b", "2"}}));
    TRY(db::config::patch(tx, {{"user.a", ""}, {"user.b", "3"}}));
    CHECK(TRY(db::config::load(tx)) == StringMap{{"user.b", "3"}});
    return {};
  });
}

TEST_CASE("listing a thousand instances stays cheap", "[db][speed]") {
  auto database = *open_memory_global();
  in(*database, [&](Tx& tx) -> Result<> {
    for (int i = 0; i < 1000; ++i) TRY(instances::create(tx, instance("c" + std::to_string(i)), "default"));
    return {};
  });
  auto start = std::chrono::steady_clock::now();
  auto rows = database->read([](Tx& tx) { return instances::load_all(tx, {.project = "default"}); });
  auto took = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start);
  REQUIRE(rows);
  CHECK(rows->size() == 1000);
  WARN("1000 instances in " << took.count() << " ms");
  CHECK(took.count() < 5000);  // generous: this also runs unoptimised, under sanitizers, and on busy machines
}

TEST_CASE("opening a database with a hundred instances is quick", "[db][speed]") {
  std::string directory = "/tmp/incusbox-open-" + random_uuid();
  std::filesystem::create_directory(directory);
  {
    auto database = *open_global(directory, {});
    in(*database, [&](Tx& tx) -> Result<> {
      for (int i = 0; i < 100; ++i) TRY(instances::create(tx, instance("c" + std::to_string(i)), "default"));
      return {};
    });
  }
  auto start = std::chrono::steady_clock::now();
  auto database = *open_global(directory, {});
  auto rows = database->read([](Tx& tx) { return instances::load_all(tx); });
  auto took = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start);
  CHECK(rows->size() == 100);
  WARN("opened and listed in " << took.count() << " ms");
  CHECK(took.count() < 5000);
  std::filesystem::remove_all(directory);
}
