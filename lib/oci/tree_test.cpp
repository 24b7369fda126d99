// Layers upon each other, and layers that mean harm.
#include "oci/tree.h"

#include <catch2/catch_test_macros.hpp>

#include "base/strings.h"
#include "oci/config.h"
#include "sys/dhcp4.h"

using namespace oci;
using Type = archive::Entry::Type;

namespace {

/// Writes a tree as "path" lines: d folder, f file (with its layer), l link.
std::string shown(Tree& tree, Tree::Id id = Tree::root(), const std::string& path = "") {
  std::string out;
  for (const auto& [name, child] : *tree.node(id).children) {
    const Tree::Node& node = tree.node(child.id);
    std::string below = path + "/" + name;
    if (node.children) out += below + "/ " + shown(tree, child.id, below);
    else if (node.entry.type == Type::symlink) out += below + "->" + node.entry.link + " ";
    else out += below + ":" + std::to_string(node.layer) + " ";
  }
  return out;
}

struct Layers {
  Tree tree;
  uint32_t member = 0;
  explicit Layers(TreeLimits limits = {}) : tree(limits) {}

  Result<> put(Type type, const std::string& path, const std::string& link = "", int64_t size = 1) {
    archive::Entry entry;
    entry.type = type;
    entry.path = path;
    entry.link = link;
    entry.size = size;
    return tree.add(entry, member++);
  }
  Result<> file(const std::string& path) { return put(Type::file, path); }
  Result<> folder(const std::string& path) { return put(Type::directory, path); }
  Result<> link(const std::string& path, const std::string& to) { return put(Type::symlink, path, to); }
  Result<> hard(const std::string& path, const std::string& to) { return put(Type::hardlink, path, to); }
  void next() { tree.begin_layer(); }
};

}  // namespace

TEST_CASE("whiteouts hide what lower layers brought, and nothing else") {
  Layers layers;
  layers.next();
  for (const char* path : {"a", "b", "dir/x", "dir/y", "deep/er/z"}) REQUIRE(layers.file(path));
  layers.next();
  REQUIRE(layers.file("dir/new"));
  REQUIRE(layers.file("dir/.wh..wh..opq"));
  REQUIRE(layers.file("dir/later"));
  REQUIRE(layers.file(".wh.a"));
  REQUIRE(layers.file("b"));
  REQUIRE(layers.file(".wh.b"));
  REQUIRE(layers.file(".wh.deep"));
  REQUIRE(layers.file(".wh.never"));
  REQUIRE(layers.file("nowhere/.wh.x"));
  REQUIRE(layers.file(".wh..wh.plnk"));
  CHECK(shown(layers.tree) == "/b:2 /dir/ /dir/later:2 /dir/new:2 ");
  for (const char* bad : {".wh.", ".wh..", "dir/.wh..."}) CHECK_FALSE(layers.file(bad));
}

TEST_CASE("an opaque mark after a hard link to a lower file keeps the link") {
  Layers layers;
  layers.next();
  REQUIRE(layers.file("dir/low"));
  layers.next();
  REQUIRE(layers.hard("dir/name", "dir/low"));
  REQUIRE(layers.file("dir/.wh..wh..opq"));
  CHECK(shown(layers.tree) == "/dir/ /dir/name:1 ");
}

TEST_CASE("upper layers replace: files by folders, folders by files, links stay links to folders") {
  Layers layers;
  layers.next();
  REQUIRE(layers.file("was-file"));
  REQUIRE(layers.file("was-folder/x"));
  REQUIRE(layers.folder("usr/lib"));
  REQUIRE(layers.link("lib", "usr/lib"));
  REQUIRE(layers.link("absolute", "/usr/lib"));
  REQUIRE(layers.link("dangling", "made/here"));
  layers.next();
  REQUIRE(layers.folder("was-file"));
  REQUIRE(layers.file("was-folder"));
  REQUIRE(layers.folder("lib"));
  REQUIRE(layers.file("lib/one"));
  REQUIRE(layers.file("absolute/two"));
  REQUIRE(layers.file("dangling/three"));
  CHECK(shown(layers.tree) == "/absolute->/usr/lib /dangling->made/here /lib->usr/lib /made/ /made/here/ /made/here/three:2 /usr/ /usr/lib/ /usr/lib/one:2 /usr/lib/two:2 "
                              "/was-file/ /was-folder:2 ");
  REQUIRE(layers.tree.find("lib/one"));
  CHECK_FALSE(layers.tree.find("lib/none"));
}

TEST_CASE("links that climb stay inside") {
  Layers layers;
  layers.next();
  REQUIRE(layers.folder("a"));
  REQUIRE(layers.link("a/up", "../../../.."));
  REQUIRE(layers.file("a/up/etc/x"));
  CHECK(shown(layers.tree) == "/a/ /a/up->../../../.. /etc/ /etc/x:1 ");
}

TEST_CASE("layers that contradict themselves or want too much") {
  Layers layers;
  layers.next();
  REQUIRE(layers.file("file"));
  CHECK_FALSE(layers.file("file/below"));
  CHECK_FALSE(layers.hard("x", "nothing"));
  REQUIRE(layers.folder("folder"));
  CHECK_FALSE(layers.hard("x", "folder"));
  CHECK_FALSE(layers.file(""));
  CHECK_FALSE(layers.link("empty", ""));
  REQUIRE(layers.link("loop", "loop"));
  CHECK_FALSE(layers.file("loop/x"));
  CHECK_FALSE(layers.file(std::string(256, 'x')));
  CHECK_FALSE(layers.put(Type::file, "huge", "", INT64_MAX));
  CHECK_FALSE(layers.put(Type::file, "negative", "", -1));
  // Links that multiply each other would make a path of 2^40 parts.
  std::string path = "l0";
  REQUIRE(layers.folder("d"));
  REQUIRE(layers.link("l0", "d"));
  for (int i = 1; i < 60; ++i) REQUIRE(layers.link(std::format("l{}", i), std::format("l{}/../l{}", i - 1, i - 1)));
  CHECK_FALSE(layers.file("l59/x"));
  // Nor may folders nest without end, one link at a time.
  Layers deep;
  deep.next();
  std::string at = "d0";
  Result<> done;
  for (int i = 0; done && i < 5000; ++i) {
    done = deep.put(Type::directory, std::format("d{}/a/a/a/a", i));
    if (done) done = deep.link(std::format("d{}", i + 1), std::format("d{}/a/a/a/a", i));
  }
  CHECK_FALSE(done);
  Layers few({.members = 3});
  few.next();
  for (const char* name : {"a", "b", "c"}) REQUIRE(few.file(name));
  CHECK_FALSE(few.file("d"));
}

TEST_CASE("device nodes and labels stay behind") {
  Layers layers;
  layers.next();
  REQUIRE(layers.file("null"));
  REQUIRE(layers.put(Type::block, "disk"));
  REQUIRE(layers.put(Type::character, "null"));
  archive::Entry entry;
  entry.path = "f";
  entry.xattrs = {{"user.a", "1"}, {"trusted.overlay.opaque", "y"}, {"security.selinux", "x"}, {"security.capability", "c"}};
  REQUIRE(layers.tree.add(entry, 9));
  CHECK(shown(layers.tree) == "/f:1 ");
  CHECK(layers.tree.node(*layers.tree.find("f")).entry.xattrs.size() == 2);
}

TEST_CASE("users by the image's own files") {
  const char* passwd = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n# comment\nbroken\n";
  const char* group = "root:x:0:\napp:x:1001:\nextra:x:2000:app,other\n";
  CHECK(find_user("", passwd, group)->home == "/root");
  auto app = find_user("app", passwd, group);
  REQUIRE(app);
  CHECK(app->uid == 1000);
  CHECK(app->gid == 1001);
  CHECK(app->groups == std::vector<uint32_t>{2000});
  CHECK(find_user("1000", passwd, group)->home == "/home/app");
  CHECK(find_user("app:extra", passwd, group)->gid == 2000);
  CHECK(find_user("4321:77", passwd, group)->gid == 77);
  CHECK(find_user("4321", "", "")->uid == 4321);
  for (const char* bad : {"nobody", "app:none", "4294967295", "-1"}) CHECK_FALSE(find_user(bad, passwd, group));
}

TEST_CASE("DHCP answers are read with suspicion") {
  namespace dhcp4 = sys::dhcp4;
  MacAddress mac = *parse_mac("10:66:6a:01:02:03");
  // A question has the shape of an answer but for direction and ports.
  std::string packet = dhcp4::make_packet({.type = dhcp4::Type::request, .transaction = 7, .hwaddr = mac, .host_name = "c1", .current = {}, .requested = {}, .server = {}});
  CHECK_FALSE(dhcp4::parse_packet(packet, 7, mac));
  std::swap(packet[21], packet[23]);
  packet[28] = 2;
  packet[28 + 19] = 9;
  auto answer = [&](const std::string& options) {
    std::string out = packet.substr(0, 28 + 240) + "\x35\x01\x05" + options + "\xff";
    auto set = [&](size_t at, size_t value) {
      out[at] = static_cast<char>(value >> 8);
      out[at + 1] = static_cast<char>(value);
    };
    set(2, out.size());
    set(24, out.size() - 20);
    return out;
  };
  using namespace std::string_literals;
  auto good = dhcp4::parse_packet(answer("\x01\x04\xff\xff\xff\x00\x03\x04\x0a\x00\x00\x01\x33\x04\x00\x00\x0e\x10\x77\x0b\x03"s + "lan\x00\x03"s + "sub\xc0\x00"s), 7, mac);
  REQUIRE(good);
  CHECK(good->prefix == 24);
  CHECK(good->gateways.at(0).text() == "10.0.0.1");
  CHECK(good->lease == 3600);
  CHECK(good->search == StringList{"lan", "sub.lan"});
  CHECK_FALSE(dhcp4::parse_packet(answer(""), 8, mac));
  CHECK_FALSE(dhcp4::parse_packet(answer("\x01\x04\xff\x00\xff\x00"s), 7, mac));
  CHECK_FALSE(dhcp4::parse_packet(answer("\x03\xf0\x0a"s), 7, mac));
  // A pointer to itself, and a name with a line break, give no names.
  CHECK(dhcp4::parse_packet(answer("\x77\x02\xc0\x00"s), 7, mac)->search.empty());
  CHECK(dhcp4::parse_packet(answer("\x0f\x05"s + "a\nb c"), 7, mac)->domain.empty());
}
