package io.millrace.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** hosts(5) and resolv.conf(5). */
class FilesTest {
  @Test
  void aLineOfHostsIsAnAddressAndItsNames() {
    HostsFile hosts =
        HostsFile.parse(
            List.of(
                "# comment",
                "192.0.2.1  www.example.org www # more",
                "\t2001:db8::1 WWW",
                "",
                "not-an-address name",
                "192.0.2.1 www"));
    assertThat(hosts.get("www"))
        .containsExactly(IpAddress.parse("192.0.2.1"), IpAddress.parse("2001:db8::1"));
    assertThat(hosts.get("WWW.example.org.")).hasSize(1);
    assertThat(hosts.get("name")).isNull();
    assertThat(hosts.get("more")).isNull();
  }

  @Test
  void aFileThatIsNotThereIsEmpty(@TempDir Path folder) throws IOException {
    assertThat(HostsFile.read(folder.resolve("none")).get("www")).isNull();
    assertThat(HostsFile.read(folder).get("www")).isNull();
    Path file = Files.writeString(folder.resolve("hosts"), "192.0.2.1 www\n");
    assertThat(HostsFile.read(file).get("www")).hasSize(1);
  }

  @Test
  void resolvConfSaysServersSearchListAndDots() {
    ResolvConf conf =
        ResolvConf.parse(
            List.of(
                "nameserver 192.0.2.53",
                "nameserver fe80::1%eth0",
                "nameserver nonsense",
                "nameserver 2001:db8::53",
                "domain example.net",
                "search a.example b.example",
                "options edns0 ndots:3"));
    assertThat(conf.servers())
        .containsExactly(IpAddress.parse("192.0.2.53"), IpAddress.parse("2001:db8::53"));
    assertThat(conf.search()).containsExactly("a.example", "b.example");
    assertThat(conf.ndots()).isEqualTo(3);
  }

  @Test
  void anEmptyResolvConfMeansTheServerOnThisHost(@TempDir Path folder) {
    assertThat(ResolvConf.read(folder.resolve("none")).servers())
        .containsExactly(IpAddress.parse("127.0.0.1"));
  }

  @Test
  void whatTheApplicationSaysComesBeforeResolvConf() {
    ResolvConf conf = ResolvConf.parse(List.of("nameserver 192.0.2.53", "search a.example"));
    DnsConfig with = conf.applyTo(DnsConfig.defaults().withSearch("mine.example"));
    assertThat(with.search()).containsExactly("mine.example");
    assertThat(with.servers()).containsExactly(IpAddress.parse("192.0.2.53"));
    assertThat(conf.applyTo(DnsConfig.defaults()).search()).containsExactly("a.example");
  }

  @Property
  void noTextBreaksTheReaders(@ForAll List<String> lines) {
    assertThat(HostsFile.parse(lines)).isNotNull();
    assertThat(ResolvConf.parse(lines).servers()).isNotEmpty();
  }
}
