import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const NGINX = process.env["GEODE_NGINX"] ?? "/usr/sbin/nginx";

/** A key and a certificate that it signed itself. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Node.js makes keys, but no certificates. */
export function certificateFor(name: string): Certificate {
  const directory = mkdtempSync(join(tmpdir(), "geode-certificate-"));
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  try {
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
      ].concat(["-days", "1", "-subj", `/CN=${name}`, "-keyout", key, "-out", cert]),
      { stdio: "ignore" },
    );
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** nginx with a configuration that is shown somewhere: with other names, other places and another certificate, and one server behind it. */
export class Nginx {
  readonly port: number;
  readonly #directory: string;

  private constructor(port: number, directory: string) {
    this.port = port;
    this.#directory = directory;
  }

  /** Resolves once it listens. */
  static async start(
    configuration: string,
    upstreamPort: number,
    { cert, key }: Certificate,
  ): Promise<Nginx> {
    const directory = mkdtempSync(join(tmpdir(), "geode-nginx-"));
    const port = await freePort();
    writeFileSync(join(directory, "cert.pem"), cert);
    writeFileSync(join(directory, "key.pem"), key);
    const sites = configuration
      .replaceAll(/^server geode-\d\.internal:8443;\n/gm, "")
      .replace("ip_hash;", `server 127.0.0.1:${upstreamPort};\nip_hash;`)
      .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
      .replace("http://127.0.0.1:8443", `http://127.0.0.1:${upstreamPort}`)
      .replace(/server_name \S+;/, "server_name localhost;")
      .replaceAll("/etc/nginx/ssl", directory)
      .replaceAll("/var/log/nginx", directory);
    writeFileSync(
      join(directory, "nginx.conf"),
      `pid ${directory}/pid;\nerror_log ${directory}/error.log;\nevents {}\nhttp {\naccess_log off;\n` +
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
          .map((kind) => `${kind}_temp_path ${directory}/${kind};\n`)
          .join("") +
        `${sites}\n}\n`,
    );
    // It goes into the background as soon as it listens.
    execFileSync(NGINX, ["-p", directory, "-c", join(directory, "nginx.conf")], {
      stdio: "ignore",
    });
    return new Nginx(port, directory);
  }

  /** A log that the configuration names. */
  log(name: string): string {
    return readFileSync(join(this.#directory, name), "utf8");
  }

  close(): void {
    process.kill(Number(readFileSync(join(this.#directory, "pid"), "utf8")), "SIGTERM");
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
