# Everything that `make models` needs, and nothing that it makes. See docker-compose.yml.
FROM python:3.11-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends make ffmpeg fluidsynth timgm6mb-soundfont \
 && rm -rf /var/lib/apt/lists/*
ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
RUN python -m venv $VIRTUAL_ENV
WORKDIR /project
# Requirements first: they are large and change rarely.
COPY Makefile setup.py settings.ini pyproject.toml constraints.txt README.md ./
RUN mkdir -p midikompanion_ml && touch midikompanion_ml/__init__.py && make env
COPY . .
CMD ["make", "models"]
