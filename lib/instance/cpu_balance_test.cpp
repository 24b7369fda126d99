#include "instance/cpu_balance.h"

#include <catch2/catch_test_macros.hpp>

#include "instance/numa.h"
#include "sys/cpu_set.h"

using instance::balance_cpus;
using instance::choose_nodes;
using sys::parse_cpu_set;
using Cpus = std::vector<int>;

TEST_CASE("CPU sets are numbers and ranges") {
  CHECK(*parse_cpu_set("0-2,5") == Cpus{0, 1, 2, 5});
  CHECK(*parse_cpu_set("3,3,1") == Cpus{1, 3});
  for (const char* bad : {"", "x", "2-1", "0-", "99999999"}) CHECK_FALSE(parse_cpu_set(bad));
}

TEST_CASE("Counted instances go where the fewest are") {
  auto chosen = balance_cpus({0, 1, 2, 3}, {{.instance = 1, .limit = "0-1", .of_nodes = {}},
                                            {.instance = 2, .limit = "1", .of_nodes = {}},
                                            {.instance = 3, .limit = "2", .of_nodes = {}}});
  REQUIRE(chosen);
  CHECK(chosen->at(1) == Cpus{0, 1});
  CHECK(chosen->at(3) == Cpus{2, 3});  // the larger one chooses first
  CHECK(chosen->at(2) == Cpus{0});
}

TEST_CASE("Nodes bound the choice, and missing CPUs are left out") {
  auto chosen = balance_cpus({0, 1, 2}, {{.instance = 1, .limit = "1", .of_nodes = {2, 3}}, {.instance = 2, .limit = "", .of_nodes = {1, 2}}, {.instance = 3, .limit = "7", .of_nodes = {}},
                                         {.instance = 4, .limit = "1-9", .of_nodes = {}}});
  REQUIRE(chosen);
  CHECK(chosen->at(1) == Cpus{2});
  CHECK(chosen->at(2) == Cpus{1, 2});
  CHECK(chosen->at(3) == Cpus{0, 1, 2});
  CHECK(chosen->at(4) == Cpus{1, 2});
  CHECK_FALSE(balance_cpus({0}, {{.instance = 1, .limit = "a-b", .of_nodes = {}}}));
}

TEST_CASE("Balanced instances get the nodes with the fewest users, as many as their CPUs need") {
  const instance::NumaNodes nodes = {{0, {0, 1}}, {2, {2, 3}}, {3, {4, 5}}};
  CHECK(choose_nodes(nodes, {}, 1) == Cpus{0});
  CHECK(choose_nodes(nodes, {{0, 2}, {2, 1}, {3, 1}}, 0) == Cpus{2});
  CHECK(choose_nodes(nodes, {{0, 2}, {2, 1}}, 3) == Cpus{3, 2});
  CHECK(choose_nodes(nodes, {}, 99) == Cpus{0, 2, 3});
  CHECK(choose_nodes({}, {}, 1).empty());
}
