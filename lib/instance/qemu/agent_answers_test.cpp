#include "instance/qemu/agent_answers.h"

#include <catch2/catch_test_macros.hpp>

#include "instance/qemu/agent_status.h"

using namespace instance::qemu;

TEST_CASE("a command's streams are taken from the agent's answer only if they fit into URLs") {
  std::string body = R"({"metadata":{"id":"0a-1","metadata":{"fds":{"0":"aa","1":"bb","2":"cc","control":"dd"}}}})";
  auto exec = parse_agent_exec(body, false);
  REQUIRE(exec);
  CHECK(exec->operation == "0a-1");
  CHECK(exec->secrets == StringMap{{"0", "aa"}, {"1", "bb"}, {"2", "cc"}, {"control", "dd"}});
  CHECK(parse_agent_exec(body, true)->secrets == StringMap{{"0", "aa"}, {"control", "dd"}});
  CHECK(!parse_agent_exec(R"({"metadata":{"id":"../x","metadata":{"fds":{"0":"aa","control":"dd"}}}})", true));
  CHECK(!parse_agent_exec(R"({"metadata":{"id":"x","metadata":{"fds":{"0":"a\r\nb","control":"dd"}}}})", true));
  CHECK(!parse_agent_exec(R"({"metadata":{"id":"x","metadata":{"fds":{"0":"aa"}}}})", true));
  for (const char* bad : {"", "null", "[]", "{}", R"({"metadata":7})", R"({"metadata":{"id":7}})"}) CHECK(!parse_agent_exec(bad, true));
}

TEST_CASE("the end of a command: its exit code, or why there is none") {
  CHECK(parse_agent_exit(200, R"({"metadata":{"metadata":{"return":7}}})").value() == 7);
  CHECK(parse_agent_exit(200, R"({"metadata":{"metadata":{"return":-1}}})").value() == -1);
  CHECK(parse_agent_exit(500, R"({"error":"exec: \"x\": executable file not found in $PATH","metadata":null})").value() == 127);
  CHECK(parse_agent_exit(404, "anything").value() == 127);
  CHECK(parse_agent_exit(403, "").value() == 126);
  CHECK(!parse_agent_exit(200, R"({"metadata":{"metadata":{"return":256}}})"));
  CHECK(!parse_agent_exit(200, R"({"metadata":{"metadata":{"return":"0"}}})"));
  CHECK(parse_agent_exit(500, R"({"error":"no \u001b[31mway"})").error().message() == "no [31mway");
  CHECK(parse_agent_exit(200, R"({"metadata":{"err":"lost"}})").error().message() == "lost");
}

TEST_CASE("a state keeps what an interface can be, and no control characters") {
  auto state = parse_agent_state(R"({"metadata":{"disk":{"root":{"usage":1}},"processes":3,"network":{
    "eth0":{"addresses":[{"address":"10.0.0.1","scope":"glo\u001bbal"},{"address":"nonsense"}],"hwaddr":"00:16:3e:00:00:01","host_name":"vethX"},
    "evil\u001b[2J":{},"much-too-long-for-a-name":{},"wlan0":{"hwaddr":"xyz"}},"os_info":{"os":"Debian\u0007"}}})");
  REQUIRE(state);
  CHECK(state->processes == 3);
  CHECK(state->disk.empty());
  REQUIRE(state->network.size() == 2);
  const auto& eth0 = state->network.at("eth0");
  REQUIRE(eth0.addresses.size() == 1);
  CHECK(eth0.addresses[0].scope == "global");
  CHECK(eth0.hwaddr == "00:16:3e:00:00:01");
  CHECK(eth0.host_name.empty());
  CHECK(state->network.at("wlan0").hwaddr.empty());
  CHECK(state->os_info->os == "Debian");
  CHECK(!parse_agent_state(R"({"metadata":{"network":[]}})"));
}

TEST_CASE("measurements become samples; what makes no sense is left out") {
  core::MetricSet set;
  set.set_common_labels({{"name", "v1"}});
  REQUIRE(add_agent_metrics(R"({"metadata":{"cpu_seconds_total":[{"cpu":"cpu1","cpu_seconds_user":1.5},7],"disk":[{"device":"vda","disk_read_bytes":5,"disk_reads_completed":"x"}],
    "filesystem":[{"device":"/dev/vda","mountpoint":"/","fstype":"ext4","filesystem_size_bytes":9}],"memory":{"memory_hugepages_free_bytes":4},
    "network":[{"device":"eth0\u000a","network_transmit_bytes":8}],"procs_total":2,"unknown":{}}})", set));
  std::string text = set.render();
  CHECK(text.contains("incus_cpu_seconds_total{cpu=\"1\",mode=\"user\",name=\"v1\"} 1.5\n"));
  CHECK(text.contains("incus_disk_read_bytes_total{device=\"vda\",name=\"v1\"} 5\n"));
  CHECK(!text.contains("incus_disk_reads_completed_total{"));
  CHECK(text.contains("incus_filesystem_size_bytes{device=\"/dev/vda\",fstype=\"ext4\",mountpoint=\"/\",name=\"v1\"} 9\n"));
  CHECK(text.contains("incus_memory_HugepagesFree_bytes{name=\"v1\"} 4\n"));
  CHECK(text.contains("incus_network_transmit_bytes_total{device=\"eth0\",name=\"v1\"} 8\n"));
  CHECK(text.contains("incus_procs_total{name=\"v1\"} 2\n"));
  CHECK(!add_agent_metrics(R"({"metadata":[]})", set));
}

TEST_CASE("the last complete line of the serial port's ring tells the status") {
  CHECK(parse_agent_ring("").status == AgentStatus::unknown);
  CHECK(parse_agent_ring("STARTED").status == AgentStatus::unknown);
  CHECK(parse_agent_ring("STARTED\n").status == AgentStatus::started);
  CHECK(parse_agent_ring("TARTED\nSTARTED\nSTOPPED\n").status == AgentStatus::stopped);
  CHECK(parse_agent_ring("STARTED\nSTOP").status == AgentStatus::started);
  CHECK(parse_agent_ring("STARTED\nCONNECTED\n").status == AgentStatus::unknown);
  auto report = parse_agent_ring("STARTED\n{\"pid\":1,\"processes\":9}\n");
  CHECK(report.status == AgentStatus::started);
  REQUIRE(report.state);
  CHECK(report.state->processes == 9);
  CHECK(!parse_agent_ring("STARTED\n{\"pid\":2}\n").state);
  CHECK(!parse_agent_ring("STARTED\n{{{\n").state);
}
