import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.exception.RequestTimeoutException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.RequestCallback;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * Request and reply, and the broker's fast port, as the official client sees them at several clusters at once.
 * Arguments: own name, name of the peer, then one NameServer per cluster. Answers the requests to topic RR_own (everywhere);
 * at the line "go" asks RR_own and RR_peer. Output: "ready", "verdict cluster text", "reply cluster text", "done".
 * Topics are there before it starts.
 */
public final class RequestReply {
    private static final PrintStream OUT = System.out;
    private static final int ENOUGH_MS = 30_000;
    private static final int SHORT_MS = 500;
    private static String own;
    private static String peer;

    public static void main(String[] args) throws Exception {
        System.setOut(System.err);
        own = args[0];
        peer = args[1];
        List<Thread> askers = new ArrayList<>();
        for (int i = 2; i < args.length; i++) {
            final int cluster = i - 2;
            final String namesrv = args[i];
            replier(cluster, namesrv);
            askers.add(new Thread(() -> ask(cluster, namesrv)));
        }
        print("ready");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        if (!"go".equals(in.readLine())) {
            System.exit(1);
        }
        for (Thread asker : askers) {
            asker.start();
        }
        for (Thread asker : askers) {
            asker.join();
        }
        print("done");
        while (in.readLine() != null) {
            continue;
        }
        System.exit(0);
    }

    private static synchronized void print(String line) {
        OUT.println(line);
        OUT.flush();
    }

    private static String name(String role, int cluster) {
        return role + "_" + own + "_" + cluster;
    }

    private static <C extends ClientConfig> C at(C client, String namesrv, String instance) {
        client.setNamesrvAddr(namesrv);
        client.setInstanceName(instance);
        // The route of a group's retry topic, which a 5.5.0 consumer misses at its start, would be looked for again after 30 s.
        client.setPollNameServerInterval(1000);
        return client;
    }

    private static DefaultMQProducer producer(String role, int cluster, String namesrv) {
        DefaultMQProducer producer = at(new DefaultMQProducer(name(role, cluster)), namesrv, name(role, cluster));
        producer.setSendMsgTimeout(ENOUGH_MS);
        return producer;
    }

    private static void replier(int cluster, String namesrv) throws Exception {
        DefaultMQProducer answering = producer("answering", cluster, namesrv);
        answering.start();
        DefaultMQPushConsumer consumer = at(new DefaultMQPushConsumer(name("repliers", cluster)), namesrv, name("replier", cluster));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe("RR_" + own, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            context.setDelayLevelWhenNextConsume(1);
            return reply(cluster, answering, messages.get(0));
        });
        consumer.start();
    }

    private static ConsumeConcurrentlyStatus reply(int cluster, DefaultMQProducer answering, MessageExt request) {
        String body = new String(request.getBody(), StandardCharsets.UTF_8);
        if (body.startsWith("again") && request.getReconsumeTimes() == 0) {
            return ConsumeConcurrentlyStatus.RECONSUME_LATER;
        }
        if (body.startsWith("silent")) {
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        }
        String verdict;
        try {
            if (body.startsWith("late")) {
                Thread.sleep(3 * SHORT_MS);
            }
            if (body.startsWith("gone")) {
                Thread.sleep(6 * SHORT_MS);
            }
            StringBuilder text = new StringBuilder("re:").append(body);
            while (body.startsWith("large") && text.length() < 20_000) {
                text.append(" and more");
            }
            Message reply = MessageUtil.createReplyMessage(request, text.toString().getBytes(StandardCharsets.UTF_8));
            verdict = sent(answering, reply, body);
        } catch (Exception e) {
            verdict = words(e);
        }
        print("reply " + cluster + " " + body + ": " + verdict);
        return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
    }

    private static String sent(DefaultMQProducer answering, Message reply, String body) throws Exception {
        if (body.startsWith("oneway")) {
            answering.sendOneway(reply);
            return "one-way";
        }
        if (!body.startsWith("async")) {
            SendResult sent = answering.send(reply);
            return sent.getSendStatus() + " " + sent.getMessageQueue().getTopic() + " " + sent.getMessageQueue().getQueueId();
        }
        CompletableFuture<String> done = new CompletableFuture<>();
        answering.send(reply, new SendCallback() {
            @Override
            public void onSuccess(SendResult sent) {
                done.complete(String.valueOf(sent.getSendStatus()));
            }

            @Override
            public void onException(Throwable e) {
                done.complete(words(e));
            }
        });
        return done.get();
    }

    /** Class, code and remark, without what differs between two runs. */
    private static String words(Throwable e) {
        String message = String.valueOf(e.getMessage()).replaceAll("(?s)\n.*", "").replaceAll("<[^>]*@[^>]*>", "<id>");
        String text = message.replaceAll("\\d+\\.\\d+\\.\\d+\\.\\d+:\\d+", "address").replaceAll("\\d+ ?ms", "n ms");
        if (e instanceof RequestTimeoutException) {
            return "RequestTimeoutException " + ((RequestTimeoutException) e).getResponseCode() + " " + text;
        }
        if (e instanceof MQBrokerException) {
            return "MQBrokerException " + ((MQBrokerException) e).getResponseCode();
        }
        if (e instanceof MQClientException) {
            return "MQClientException " + ((MQClientException) e).getResponseCode();
        }
        return e.getClass().getSimpleName() + " " + text;
    }

    private static void ask(int cluster, String namesrv) {
        try {
            DefaultMQProducer asking = producer("asking", cluster, namesrv);
            asking.start();
            for (String topic : new String[] {"RR_" + own, "RR_" + peer}) {
                askAll(asking, cluster, topic);
                gone(cluster, namesrv, topic);
            }
            fastPort(cluster, namesrv);
            // The late replies want a requester that still is there.
            Thread.sleep(6 * SHORT_MS);
            asking.shutdown();
        } catch (Throwable e) {
            verdict(cluster, "failed", String.valueOf(e));
        }
    }

    private static void verdict(int cluster, String step, String text) {
        print("verdict " + cluster + " " + step + ": " + text);
    }

    private interface Asking {
        Message run(Message request) throws Exception;
    }

    private static void one(int cluster, String topic, String step, Asking asking) {
        String text;
        try {
            text = told((MessageExt) asking.run(new Message(topic, "TagA", (step + " from " + own).getBytes(StandardCharsets.UTF_8))));
        } catch (Throwable e) {
            text = words(e);
        }
        verdict(cluster, topic + " " + step, text);
    }

    private static String told(MessageExt reply) {
        Map<String, String> properties = reply.getProperties();
        Set<String> names = new TreeSet<>(properties.keySet());
        String body = new String(reply.getBody(), StandardCharsets.UTF_8);
        boolean isHosted = reply.getBornHost() instanceof InetSocketAddress && ((InetSocketAddress) reply.getBornHost()).getPort() > 0;
        boolean isTimed = Math.abs(Long.parseLong(properties.get("PUSH_REPLY_TIME")) - reply.getStoreTimestamp()) < 1000;
        return reply.getTopic() + " " + body.substring(0, Math.min(60, body.length())) + " " + body.length() + " " + names + " "
            + properties.get("MSG_TYPE") + " " + properties.get("TTL") + " " + isHosted + " " + isTimed;
    }

    private static void askAll(DefaultMQProducer asking, int cluster, String topic) throws Exception {
        one(cluster, topic, "sync", request -> asking.request(request, ENOUGH_MS));
        one(cluster, topic, "callback", request -> withCallback(asking, request));
        one(cluster, topic, "selector", request -> asking.request(request, (queues, message, arg) -> queues.get(1), null, ENOUGH_MS));
        MessageQueue queue = asking.fetchPublishMessageQueues(topic).get(0);
        one(cluster, topic, "queue", request -> asking.request(request, queue, ENOUGH_MS));
        one(cluster, topic, "large", request -> asking.request(request, ENOUGH_MS));
        one(cluster, topic, "oneway", request -> asking.request(request, ENOUGH_MS));
        one(cluster, topic, "async", request -> asking.request(request, ENOUGH_MS));
        one(cluster, topic, "again", request -> asking.request(request, ENOUGH_MS));
        one(cluster, topic, "silent", request -> asking.request(request, SHORT_MS));
        one(cluster, topic, "late", request -> asking.request(request, SHORT_MS));
        one(cluster, topic, "silent-callback", request -> {
            CompletableFuture<Message> answer = new CompletableFuture<>();
            asking.request(request, completing(answer), SHORT_MS);
            return get(answer);
        });
    }

    private static Message withCallback(DefaultMQProducer asking, Message request) throws Exception {
        CompletableFuture<Message> answer = new CompletableFuture<>();
        asking.request(request, completing(answer), ENOUGH_MS);
        return get(answer);
    }

    private static Message get(CompletableFuture<Message> answer) throws Exception {
        try {
            return answer.get(ENOUGH_MS, TimeUnit.MILLISECONDS);
        } catch (java.util.concurrent.ExecutionException e) {
            throw e.getCause() instanceof Exception ? (Exception) e.getCause() : e;
        }
    }

    private static RequestCallback completing(CompletableFuture<Message> answer) {
        return new RequestCallback() {
            @Override
            public void onSuccess(Message message) {
                // Both versions call it without a message as soon as the request is sent, and again with the reply.
                if (message != null) {
                    answer.complete(message);
                }
            }

            @Override
            public void onException(Throwable e) {
                answer.completeExceptionally(e);
            }
        };
    }

    /** A requester that is gone before the reply comes. */
    private static void gone(int cluster, String namesrv, String topic) throws Exception {
        DefaultMQProducer leaving = producer("leaving_" + topic, cluster, namesrv);
        leaving.start();
        one(cluster, topic, "gone", request -> leaving.request(request, SHORT_MS));
        leaving.shutdown();
    }

    /** Everything that a client with vipChannelEnabled asks of port - 2, and what it does not. */
    private static void fastPort(int cluster, String namesrv) throws Exception {
        String topic = "VIP_" + own;
        Set<String> concurrent = new ConcurrentSkipListSet<>();
        Set<String> orderly = new ConcurrentSkipListSet<>();
        DefaultMQPushConsumer retrying = at(new DefaultMQPushConsumer(name("fast_retrying", cluster)), namesrv, name("fast_retrying", cluster));
        retrying.setVipChannelEnabled(true);
        retrying.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        retrying.subscribe(topic, "*");
        retrying.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            context.setDelayLevelWhenNextConsume(1);
            MessageExt message = messages.get(0);
            concurrent.add(new String(message.getBody(), StandardCharsets.UTF_8) + message.getReconsumeTimes());
            boolean fails = "fail".equals(message.getTags()) && message.getReconsumeTimes() == 0;
            return fails ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        retrying.start();
        DefaultMQPushConsumer locking = at(new DefaultMQPushConsumer(name("fast_locking", cluster)), namesrv, name("fast_locking", cluster));
        locking.setVipChannelEnabled(true);
        locking.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        locking.subscribe(topic, "*");
        locking.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            orderly.add(new String(messages.get(0).getBody(), StandardCharsets.UTF_8));
            return ConsumeOrderlyStatus.SUCCESS;
        });
        locking.start();

        DefaultMQProducer fast = producer("fast", cluster, namesrv);
        fast.setVipChannelEnabled(true);
        fast.start();
        fast.send(new Message(topic, "TagA", "sync".getBytes(StandardCharsets.UTF_8)));
        fast.send(new Message(topic, "fail", "sent-back".getBytes(StandardCharsets.UTF_8)));
        fast.sendOneway(new Message(topic, "TagA", "one-way".getBytes(StandardCharsets.UTF_8)));
        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            batch.add(new Message(topic, "TagA", ("batch-" + i).getBytes(StandardCharsets.UTF_8)));
        }
        fast.send(batch);
        one(cluster, "RR_" + own, "fast", request -> fast.request(request, ENOUGH_MS));
        long end = System.currentTimeMillis() + ENOUGH_MS;
        while ((concurrent.size() < 7 || orderly.size() < 6) && System.currentTimeMillis() < end) {
            Thread.sleep(20);
        }
        verdict(cluster, "fast port, concurrently", concurrent.toString());
        verdict(cluster, "fast port, orderly", orderly.toString());
    }
}
