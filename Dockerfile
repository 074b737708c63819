# One image for every process: `ioc ingest`, `ioc watch`, `ioc web`, and all other verbs.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/ioc
WORKDIR /src
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY ioc ioc
COPY streams streams
COPY dashboards dashboards
RUN /opt/ioc/bin/pip install .

FROM python:3.11-slim-bookworm
ENV PATH=/opt/ioc/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN groupadd --gid 10001 ioc && useradd --uid 10001 --gid ioc --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ioc
COPY --from=build /opt/ioc /opt/ioc
COPY config.yaml /etc/ioc/config.yaml
ENV IOC_CONFIG=/etc/ioc/config.yaml
USER 10001:10001
EXPOSE 8050
CMD ["ioc", "web"]
