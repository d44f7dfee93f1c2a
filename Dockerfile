# The emulator for users of other languages: docker build -t hexclave-emulator . && docker run -p 127.0.0.1:8102:8102 hexclave-emulator
FROM python:3.12-slim
COPY . /src
RUN pip install --no-cache-dir "/src[emulator]" && rm -rf /src && useradd --create-home emulator
USER emulator
WORKDIR /home/emulator
EXPOSE 8102
# In a container, "beyond loopback" is the network of the container; publish the port only on 127.0.0.1.
ENTRYPOINT ["hexclave-emulator", "--host", "0.0.0.0", "--beyond-loopback"]
