# flowkeep with MLflow's UI in one image: `docker build -t flowkeep .`, or `docker compose up`, which needs no more than the
# .env that docker-compose.yml describes. All stages are on the same Debian, so that the binary finds its C library.

FROM rust:1.95.0-bookworm AS build
WORKDIR /src
COPY . .
# With TLS to PostgreSQL, which builds OpenSSL along.
RUN cargo build --release --locked --features postgres-tls

# MLflow's UI is taken out of MLflow's wheel, which needs pip here and nothing of Python later.
FROM python:3.12.11-slim-bookworm AS ui
COPY --from=build /src/target/release/flowkeep /usr/local/bin/flowkeep
RUN flowkeep ui install --dir /usr/local/share/flowkeep/ui

FROM debian:12.11-slim
# Certificates, for stores, webhooks and databases that are reached by TLS.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin flowkeep \
    && install --directory --owner 10001 --mode 0750 /data
COPY --from=build /src/target/release/flowkeep /usr/local/bin/flowkeep
COPY --from=ui /usr/local/share/flowkeep/ui /usr/local/share/flowkeep/ui

# All interfaces of the container; what of it the outside reaches is said when it is run.
ENV MLFLOW_HOST=0.0.0.0 \
    MLFLOW_PORT=5000 \
    FLOWKEEP_UI_DIR=/usr/local/share/flowkeep/ui
# Without a database and a store of its own, it keeps mlflow.db and mlartifacts/ here.
WORKDIR /data
VOLUME /data
USER 10001
EXPOSE 5000
# It asks the server at MLFLOW_PORT and needs no other program.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["flowkeep", "health"]
ENTRYPOINT ["flowkeep"]
CMD ["server"]
