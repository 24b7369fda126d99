#include "sys/idmap.h"

#include <catch2/catch_test_macros.hpp>

using sys::IdMap;

TEST_CASE("id maps: JSON both ways") {
  IdMap map = IdMap::range(1000000, 65536);
  std::string text = map.to_json();
  CHECK(text == R"([{"Isuid":true,"Isgid":false,"Hostid":1000000,"Nsid":0,"Maprange":65536},{"Isuid":false,"Isgid":true,"Hostid":1000000,"Nsid":0,"Maprange":65536}])");
  CHECK(IdMap::from_json(text)->entries() == map.entries());
  CHECK(IdMap::from_json("")->empty());
  CHECK(IdMap::from_json("[]")->empty());
  CHECK(!IdMap::from_json("{"));
}

TEST_CASE("id maps: adding splits what is there") {
  IdMap map = IdMap::range(100000, 65536);
  REQUIRE(map.add({true, true, 1000, 1000, 1}));
  CHECK(map.lxc_lines() == StringList{"u 0 100000 1000", "u 1000 1000 1", "g 1000 1000 1", "u 1001 101001 64535", "g 0 100000 1000", "g 1001 101001 64535"});
  CHECK(map.to_host(1000, 5).uid == 1000);
  CHECK(map.to_host(1001, 5).uid == 101001);
  CHECK(map.to_inside(101001, 100005).gid == 5);
  CHECK(map.to_host(70000, -1).uid == -1);
  CHECK(map.add({true, false, 100005, 3, 1}).error().code() == Code::conflict);
}

TEST_CASE("id maps: raw.idmap") {
  auto map = IdMap::from_raw("both 1000 1000\nuid 50-60 500-510\ngid 100000-110000 10000-20000");
  REQUIRE(map);
  CHECK(map->entries().size() == 3);
  CHECK(map->entries()[1].size == 11);
  for (const char* bad : {"both 1000", "both 1-5 1-4", "all 1 1", "uid x 1", "uid 1-2-3 1-2-3"}) CHECK(!IdMap::from_raw(bad));
}

TEST_CASE("id maps: choosing ranges") {
  IdMap host = IdMap::range(1000000, 1000000000);
  CHECK(sys::choose_idmap(host, {})->map.same_as(host));
  CHECK(sys::choose_idmap(host, {.size = "70000"})->map.entries()[0].size == 70000);
  auto first = sys::choose_idmap(host, {.isolated = true});
  CHECK(first->base == 1065536);
  CHECK(first->map.entries()[0].size == 65536);
  auto second = sys::choose_idmap(host, {.isolated = true, .taken = {{1065536, 65536}}});
  CHECK(second->base == 1131072);
  auto gap = sys::choose_idmap(host, {.isolated = true, .size = "1000", .taken = {{1131072, 65536}, {1065536, 100}}});
  CHECK(gap->base == 1065636);
  CHECK(sys::choose_idmap(host, {.isolated = true, .base = "2000000"})->base == 2000000);
  CHECK(!sys::choose_idmap(host, {.isolated = true, .size = "2000000000"}));
  CHECK(host.includes(second->map));
  CHECK(!host.includes(IdMap::range(10, 5)));
}

TEST_CASE("subuid text") {
  auto ranges = sys::parse_subids("# c\nroot:100000:65536\nuser:200000:65536\n0:5:6\nroot:x:1\n", "root", "0");
  REQUIRE(ranges.size() == 1);
  CHECK(ranges[0].first == 100000);
  CHECK(sys::parse_subids("0:5:6", "root", "0").size() == 1);
  CHECK(IdMap({{true, false, 0, 0, 4294967295}, {false, true, 0, 0, 4294967295}}).split(65536, 1000000000, 1000000)->entries()[0].hostid == 1000000);
}
